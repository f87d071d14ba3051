"""A prepared catalogue: items with pictures, users and their feedback, ready for training."""

import difflib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet as parquet

from keras_fashion.catalogue.attribute import Attribute
from keras_fashion.catalogue.pictures import decode_picture, picture_table
from keras_fashion.errors import InputError


class Catalogue:
    """Items, pictures and feedback of one shop, read from a prepared folder.

    Ids are text outside and dense integers inside; the catalogue owns the mapping. Pictures stay
    on disk: `picture_bytes` reads one as it was delivered, `pictures` maps all of them at a
    training size.

    Attributes:
        path: The prepared folder.
        name: What the source calls itself.
        fingerprint: SHA-256 over ids, categories, attributes, picture bytes and interactions.
        skipped: How many records the source left out, by reason (listed in `skipped.csv`).
        item_ids: (I,) text, by dense item index.
        categories: The C category names, sorted.
        item_categories: (I,) int32, index into `categories`.
        attributes: Further category columns of the items by name; none in most catalogues.
        user_ids: (U,) text, sorted; the position is the dense user index.
        interactions: (N, 2) int32 of distinct (user, item), sorted.
    """

    def __init__(
        self,
        path: Path,
        facts: dict,
        item_ids: np.ndarray,
        item_categories: np.ndarray,
        attributes: dict[str, Attribute],
        user_ids: np.ndarray,
        interactions: np.ndarray,
    ) -> None:
        self.path = path
        self.name: str = facts["name"]
        self.fingerprint: str = facts["fingerprint"]
        self.skipped: dict[str, int] = facts["skipped"]
        self.categories: list[str] = facts["categories"]
        self.item_ids = item_ids
        self.item_categories = item_categories
        self.attributes = attributes
        self.user_ids = user_ids
        self.interactions = interactions

    @classmethod
    def load(cls, path: str | Path) -> "Catalogue":
        """Reads a prepared folder; the pictures themselves stay on disk.

        Raises:
            InputError: If the folder is not a prepared catalogue.
        """
        path = Path(path)
        if not (path / "catalogue.json").is_file():
            raise InputError(
                f"{path} is not a prepared catalogue (it holds no catalogue.json); make one with "
                "`keras-fashion prepare`."
            )
        try:
            facts = json.loads((path / "catalogue.json").read_text(encoding="utf-8"))
            names = facts.get("attributes", []) if isinstance(facts, dict) else []
            items = parquet.read_table(path / "items.parquet", columns=["item", "category", *names])
            feedback = parquet.read_table(path / "interactions.parquet", columns=["user", "item"])
        except (ValueError, OSError, pyarrow.ArrowException) as error:
            raise InputError(f"{path} is damaged ({error}); prepare it again.") from error
        if not isinstance(facts, dict) or facts.get("format") != 1:
            raise InputError(
                f"{path} is not a prepared catalogue of format 1 (see its catalogue.json); "
                "prepare it again."
            )

        item_ids = items["item"].to_numpy().astype(str)
        item_categories = np.searchsorted(facts["categories"], items["category"].to_numpy())
        attributes = {name: Attribute.of(items[name].to_numpy().astype(str)) for name in names}
        user_ids, users = np.unique(feedback["user"].to_numpy().astype(str), return_inverse=True)
        by_id = np.argsort(item_ids)
        item_of = by_id[
            np.searchsorted(item_ids, feedback["item"].to_numpy().astype(str), sorter=by_id)
        ]
        interactions = np.stack([users, item_of], axis=1).astype(np.int32)
        interactions = interactions[np.lexsort((interactions[:, 1], interactions[:, 0]))]
        return cls(
            path,
            facts,
            item_ids,
            item_categories.astype(np.int32),
            attributes,
            user_ids,
            interactions,
        )

    def summary(self) -> str:
        """Counts and what was left out, as lines of text."""
        attributes = f" with {len(self.attributes)} attribute(s)" if self.attributes else ""
        lines = [
            f"catalogue {self.name}: {len(self.item_ids):,} items in {len(self.categories)} "
            f"categories{attributes}, {len(self.user_ids):,} users, "
            f"{len(self.interactions):,} interactions [{self.fingerprint[:12]}]"
        ]
        lines += [f"  left out: {count:,} x {reason}" for reason, count in self.skipped.items()]
        return "\n".join(lines)

    def item_index(self, item_id: str) -> int:
        """Dense index of an item id; InputError for an unknown one."""
        return _position(self._item_positions, item_id, "item")

    def user_index(self, user_id: str) -> int:
        """Dense index of a user id; InputError for an unknown one."""
        return _position(self._user_positions, user_id, "user")

    def category_index(self, name: str) -> int:
        """Index of a category; InputError for an unknown one."""
        return _position({name: i for i, name in enumerate(self.categories)}, name, "category")

    def picture_bytes(self, index: int) -> bytes:
        """The JPEG or PNG file of one item, as the catalogue holds it."""
        group = int(np.searchsorted(self._row_group_ends, index, side="right"))
        first = self._row_group_ends[group - 1] if group else 0
        column = self._items_file.read_row_group(group, columns=["picture"])["picture"]
        return column[index - int(first)].as_py()

    def items_of(self, user: int) -> np.ndarray:
        """The dense items of one user, ascending."""
        start, end = np.searchsorted(self.interactions[:, 0], [user, user + 1])
        return self.interactions[start:end, 1]

    def pictures_of(self, items: Sequence[int], size: tuple[int, int]) -> np.ndarray:
        """A few items' pictures, decoded as they are asked for: (n, H, W, 3) uint8."""
        decoded = [decode_picture(self.picture_bytes(item), size).numpy() for item in items]
        return np.array(decoded, np.uint8).reshape(-1, *size, 3)

    def pictures(self, size: tuple[int, int]) -> np.memmap:
        """All pictures at one size: (I, H, W, 3) uint8, memory-mapped, in item order.

        Decoded once into the prepared folder; training then reads rows of the map. Measured on
        two cores, that is three to five times quicker than decoding a picture at each use.
        """
        return picture_table(self._items_file, size, self.path)

    @cached_property
    def _items_file(self) -> parquet.ParquetFile:
        return parquet.ParquetFile(self.path / "items.parquet")

    @cached_property
    def _row_group_ends(self) -> np.ndarray:
        metadata = self._items_file.metadata
        return np.cumsum([metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)])

    @cached_property
    def _item_positions(self) -> dict[str, int]:
        return {item: i for i, item in enumerate(self.item_ids.tolist())}

    @cached_property
    def _user_positions(self) -> dict[str, int]:
        return {user: i for i, user in enumerate(self.user_ids.tolist())}


def _position(positions: dict[str, int], key: str, kind: str) -> int:
    if key in positions:
        return positions[key]
    known = list(positions)
    # difflib compares with every candidate: a million ids would take minutes.
    near = difflib.get_close_matches(key, known[:20_000], n=3, cutoff=0.5) or known[:3]
    raise InputError(
        f"no {kind} {key!r} among the catalogue's {len(known):,}; "
        f"known ones are, for example, {', '.join(near)}."
    )
