"""A shop's own export: a table of purchases, a table of items, and pictures."""

import posixpath
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from keras_fashion.data.sources.shop.guess_columns import Columns, guess_columns
from keras_fashion.data.sources.shop.picture_archive import PictureReader, list_pictures
from keras_fashion.data.sources.shop.tables import open_table
from keras_fashion.data.sources.source import Skip, Source, printable
from keras_fashion.errors import InputError


class ShopFiles(Source):
    """Purchases and items in CSV or Parquet files, pictures in a folder, a tar or a zip.

    Everything in the tables is text: ids keep their leading zeros. The picture of an item is the
    file, in any sub-folder, whose name without its suffix is the item's id; of several the first by
    path is taken. Archives are read in place, and links in them are not followed.

    Args:
        interactions: CSV or Parquet file, a row an interaction.
        items: CSV or Parquet file, a row an item; the catalogue keeps their order.
        images: Folder, tar (compressed or not) or zip of JPEG, PNG, WebP, GIF or BMP files.
        user_column: Column of the user's id in `interactions`; guessed if None.
        item_column: Column of the item's id in `interactions` and in `items`; guessed if None, and
            in a file that has no such column.
        time_column: Column of the time in `interactions`; guessed if None, and there may be none.
        category_column: Column of the category in `items`; guessed if None.
        attribute_columns: Further columns of `items` to keep as attributes, such as the color.
            An empty field means that the value is not known.

    Attributes:
        columns: The columns that are read.
        guessed: What to tell people of them before they are used.

    Raises:
        InputError: If a file or a column is missing or cannot be read, or if a column is not named
            and several could be meant.

    Example:
        >>> prepare(ShopFiles("orders.csv", "products.csv", "pictures.zip"), "catalogues/shop")
    """

    name = "shop_files"
    description = "Items and interactions from a shop's own files."

    def __init__(
        self,
        interactions: str | Path,
        items: str | Path,
        images: str | Path,
        *,
        user_column: str | None = None,
        item_column: str | None = None,
        time_column: str | None = None,
        category_column: str | None = None,
        attribute_columns: Sequence[str] = (),
    ) -> None:
        self._interactions = open_table(Path(interactions))
        self._items = open_table(Path(items))
        self._images = Path(images)
        self._read: PictureReader | None = None
        self.attributes = tuple(dict.fromkeys(attribute_columns))
        for column in self.attributes:
            self._items.find(column, "--attribute-column")
        named = {
            "user": user_column,
            "item": item_column,
            "time": time_column,
            "category": category_column,
        }
        self.columns = guess_columns(self._interactions, self._items, self._images, named)
        self.guessed = _told(self.columns, named)

    def items(self, skip: Skip, scratch: Path) -> pd.DataFrame:
        """Joins the items with their pictures, of which only the paths are read.

        Raises:
            InputError: If a file cannot be used, or no picture is named after an item.
        """
        columns = [self.columns.item_of_items, self.columns.category, *self.attributes]
        table = self._items.read(columns)
        frame = pd.DataFrame({"item": table[columns[0]], "category": table[columns[1]]})
        for column in self.attributes:
            frame[column] = table[column]
        pictures = list_pictures(self._images, skip, scratch)
        known = set(frame["item"].tolist())
        found: dict[str, Any] = {}
        for path, reference in zip(pictures.paths, pictures.references, strict=True):
            item = posixpath.splitext(posixpath.basename(path))[0]
            if item not in known:
                skip("picture of an unknown item", path, item)
            elif item in found:
                skip("several pictures of one item", path, item)
            else:
                found[item] = reference
        if known and not found:
            raise InputError(
                f"no picture is named after an item: the first picture is {pictures.paths[0]!r}, "
                f"the first item in {self._items.path.name} is {frame['item'].iloc[0]!r}. Name "
                "each picture <item id>.jpg, or name the column of the ids with --item-column"
            )
        references = [found.get(item) for item in frame["item"].tolist()]
        frame["picture"] = pd.Series(references, frame.index, object)
        self._read = pictures.read
        return frame

    def interactions(self) -> pd.DataFrame:
        """Reads the interactions, as they are."""
        columns = {"user": self.columns.user, "item": self.columns.item}
        if self.columns.time is not None:
            columns["time"] = self.columns.time
        table = self._interactions.read(list(columns.values()))
        return pd.DataFrame({role: table[column] for role, column in columns.items()})

    @property
    def read_picture(self) -> Callable[[Any], bytes]:
        """Reads a picture where it lies.

        Raises:
            RuntimeError: Before `items` has listed them.
        """
        if self._read is None:
            raise RuntimeError("list the items before reading a picture")
        return self._read

    def item_place(self, index: int) -> str:
        """File and row."""
        return self._items.place(index)

    def interaction_place(self, index: int) -> str:
        """File and row."""
        return self._interactions.place(index)


def _told(columns: Columns, named: dict[str, str | None]) -> str:
    """Such as "user = customer_id (guessed), item = sku, time = none (guessed)"."""

    def told(role: str, column: str | None) -> str:
        return f"{role} = {printable(column or 'none', 100)}" + (
            " (guessed)" if column != named[role] else ""
        )

    texts = [told("user", columns.user), told("item", columns.item)]
    if columns.item_of_items != columns.item:
        texts[-1] += " in the interactions"
        texts.append(told("item", columns.item_of_items) + " in the items")
    texts += [told("time", columns.time), told("category", columns.category)]
    return ", ".join(texts)
