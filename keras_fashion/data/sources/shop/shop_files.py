"""A source for a shop's own export: a table of interactions, a table of items, and pictures."""

import posixpath
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from keras_fashion.data.sources.shop.guess_columns import Columns, guess_columns
from keras_fashion.data.sources.shop.picture_archive import list_pictures
from keras_fashion.data.sources.shop.picture_readers import PictureReader
from keras_fashion.data.sources.shop.tables import open_table
from keras_fashion.data.sources.source import Skip, Source, printable
from keras_fashion.errors import InputError


class ShopFiles(Source):
    """Interactions and items from CSV or Parquet files, pictures from a folder, a tar or a zip.

    All columns are read as text, so that ids keep their leading zeros. The picture of an item is
    the file, in any subfolder, whose name without its suffix is the item's id; of several, the
    first one by path. Archives are read in place, and links are not followed.

    Args:
        interactions: Path of a CSV or Parquet file with a row for each interaction.
        items: Path of a CSV or Parquet file with a row for each item. The catalogue has the items
            in this order.
        images: Path of a folder, tar (plain or compressed) or zip of JPEG, PNG, WebP, GIF or BMP
            files.
        user_column: Column of the user ids in `interactions`; None to guess it.
        item_column: Column of the item ids in `interactions` and `items`; None to guess it. It is
            also guessed in a table without this column.
        time_column: Column of the times in `interactions`; None to guess whether there is one.
        category_column: Column of the categories in `items`; None to guess it.
        attribute_columns: Further columns of `items` that become attributes, such as the color.
            An empty text means that the value is unknown.

    Attributes:
        columns: The columns by their role.
        columns_summary: The columns as text, with a remark where they were guessed.

    Raises:
        InputError: If a file or a column is missing or cannot be read, or if a column is not given
            and several may be meant.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> from keras_fashion.data import prepare
        >>> folder = Path(tempfile.mkdtemp())
        >>> orders = pd.DataFrame({"customer_id": ["7"], "sku": ["0108"]})
        >>> orders.to_csv(folder / "orders.csv", index=False)
        >>> items = pd.DataFrame({"sku": ["0108"], "category": ["Shoes"], "color": ["red"]})
        >>> items.to_csv(folder / "items.csv", index=False)
        >>> Image.new("RGB", (8, 8), "red").save(folder / "0108.png")
        >>> source = ShopFiles(
        ...     folder / "orders.csv", folder / "items.csv", folder, attribute_columns=["color"]
        ... )
        >>> source.columns_summary
        'user = customer_id (guessed), item = sku (guessed), time = none, category = category ...'
        >>> facts = prepare(source, folder / "catalogue")
        >>> facts["items"], facts["interactions"], facts["attributes"]
        (1, 1, ['color'])
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
            self._items.check_column(column, "attribute_columns")
        given = {
            "user": user_column,
            "item": item_column,
            "time": time_column,
            "category": category_column,
        }
        self.columns = guess_columns(self._interactions, self._items, self._images, given)
        self.columns_summary = _summary(self.columns, given)

    def items(self, skip: Skip, scratch: Path) -> pd.DataFrame:
        """Lists the items and the pictures that are named after them; see `Source.items`.

        Raises:
            InputError: If a file cannot be used, or no picture is named after an item.
        """
        columns = [self.columns.item_in_items, self.columns.category, *self.attributes]
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
                "each picture <item id>.jpg, or give the column of the ids with `item_column`"
            )
        references = [found.get(item) for item in frame["item"].tolist()]
        frame["picture"] = pd.Series(references, frame.index, object)
        self._read = pictures.read
        return frame

    def interactions(self) -> pd.DataFrame:
        """Reads the interactions; see `Source.interactions`."""
        columns = {"user": self.columns.user, "item": self.columns.item}
        if self.columns.time is not None:
            columns["time"] = self.columns.time
        table = self._interactions.read(list(columns.values()))
        return pd.DataFrame({role: table[column] for role, column in columns.items()})

    @property
    def read_picture(self) -> Callable[[Any], bytes]:
        """Function that reads a picture from the folder or archive.

        Raises:
            RuntimeError: If `items` was not called before.
        """
        if self._read is None:
            raise RuntimeError("call `items` before reading a picture")
        return self._read

    def item_place(self, index: int) -> str:
        """Returns the file name and row of an item."""
        return self._items.row_name(index)

    def interaction_place(self, index: int) -> str:
        """Returns the file name and row of an interaction."""
        return self._interactions.row_name(index)


def _summary(columns: Columns, given: dict[str, str | None]) -> str:
    def described(role: str, column: str | None) -> str:
        remark = " (guessed)" if column != given[role] else ""
        return f"{role} = {printable(column or 'none', 100)}{remark}"

    texts = [described("user", columns.user), described("item", columns.item)]
    if columns.item_in_items != columns.item:
        texts[-1] += " in the interactions"
        texts.append(described("item", columns.item_in_items) + " in the items")
    texts += [described("time", columns.time), described("category", columns.category)]
    return ", ".join(texts)
