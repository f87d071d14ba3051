"""A prepared catalogue: items with pictures, users and their interactions."""

import difflib
import fnmatch
import json
import math
import os
import shutil
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf

from keras_fashion.data.columns import Attribute, factorize, index_in
from keras_fashion.data.picture_store import (
    DecodedPictures,
    PictureFiles,
    PictureTable,
    write_picture_table,
)
from keras_fashion.data.pictures import DECODER, decode_picture
from keras_fashion.data.purchase_times import parse_days
from keras_fashion.errors import InputError

FORMAT = 2
"""Version of the files of a prepared folder."""

UNREADABLE = (ValueError, KeyError, TypeError, OSError, pa.ArrowException, tf.errors.OpError)
"""What reading a damaged folder raises."""


class Catalogue:
    """The items, pictures and interactions of one shop, read from a prepared folder.

    Ids are text outside and dense integers inside; the catalogue maps one to the other. Pictures
    stay on disk: `picture_files` reads an encoded picture, and `pictures` returns all of them at
    one size. Create a catalogue with `load`.

    Attributes:
        path: The prepared folder.
        name: Name of the catalogue.
        fingerprint: SHA-256 of the content, see `keras_fashion.data.prepare`.
        skipped: Number of records that were left out, by reason. `skipped.csv` lists them.
        item_ids: (I,) text, by dense item index.
        categories: Names of the C categories, sorted.
        item_categories: (I,) int32, index into `categories`.
        attributes: Further categorical columns of the items by name; empty in most catalogues.
        picture_files: Encoded picture of each item, by dense item index.
        user_ids: (U,) text, sorted, by dense user index.
        interactions: (N, 2) int32, distinct (user, item) pairs, sorted.

    Example:
        >>> import io, tempfile
        >>> import pandas as pd
        >>> from PIL import Image
        >>> from keras_fashion.data.preparation import prepare
        >>> from keras_fashion.data.sources.in_memory import InMemory
        >>> png = io.BytesIO()
        >>> Image.new("RGB", (8, 8), "navy").save(png, "PNG")
        >>> items = pd.DataFrame(
        ...     {"item": ["0108", "0207"], "category": ["Tops", "Bags"], "picture": png.getvalue()}
        ... )
        >>> bought = pd.DataFrame({"user": ["ann", "bob"], "item": ["0207", "0108"]})
        >>> folder = Path(tempfile.mkdtemp()) / "shop"
        >>> facts = prepare(InMemory(items, bought), folder)
        >>> catalogue = Catalogue.load(folder)
        >>> catalogue.item_ids.tolist(), catalogue.categories
        (['0108', '0207'], ['Bags', 'Tops'])
        >>> catalogue.item_index("0207"), catalogue.items_of(catalogue.user_index("bob")).tolist()
        (1, [0])
        >>> catalogue.pictures_of([0, 1], size=(4, 4)).shape
        (2, 4, 4, 3)
    """

    def __init__(
        self,
        path: str | Path,
        facts: dict[str, Any],
        item_ids: np.ndarray,
        item_categories: np.ndarray,
        attributes: dict[str, Attribute],
        picture_files: PictureFiles,
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
        self.picture_files = picture_files
        self.user_ids = user_ids
        self.interactions = interactions

    @classmethod
    def load(cls, path: str | Path) -> "Catalogue":
        """Opens a prepared folder. The pictures stay on disk.

        Args:
            path: Folder on any file system that `tf.io.gfile` opens, such as gs://bucket/shop.

        Raises:
            InputError: If the folder is not a prepared catalogue or is damaged.
        """
        folder = os.fspath(path)
        if "://" not in folder:
            path = Path(path)
        if not tf.io.gfile.exists(f"{folder}/catalogue.json"):
            raise InputError(
                f"{path} is not a prepared catalogue (it holds no catalogue.json); make one with "
                "`keras_fashion.data.prepare`."
            )
        try:
            facts = json.loads(_read(f"{folder}/catalogue.json"))
            if not isinstance(facts, dict) or facts.get("format") != FORMAT:
                raise InputError(
                    f"{path} is not a prepared catalogue of format {FORMAT} (see its "
                    "catalogue.json); prepare it again."
                )
            items = pq.read_table(pa.BufferReader(_read(f"{folder}/items.parquet")))
            interactions = pq.read_table(pa.BufferReader(_read(f"{folder}/interactions.parquet")))
            catalogue = cls._from_tables(path, facts, items, interactions)
        except InputError:
            raise
        except UNREADABLE as error:
            raise InputError(f"{path} is damaged ({error}); prepare it again.") from error
        # Otherwise Arrow keeps the memory of the tables: 210 MB with a million items.
        del items, interactions
        pa.default_memory_pool().release_unused()
        return catalogue

    @classmethod
    def _from_tables(
        cls, path: str | Path, facts: dict[str, Any], items: pa.Table, interactions: pa.Table
    ) -> "Catalogue":
        user_ids, pairs = _pairs(interactions, items["item"])
        shard, offset, length = (items[name].to_numpy() for name in ("shard", "offset", "length"))
        return cls(
            path,
            facts,
            item_ids=items["item"].to_numpy().astype(str),
            item_categories=index_in(items["category"], pa.array(facts["categories"])),
            attributes={name: factorize(items[name]) for name in facts["attributes"]},
            picture_files=PictureFiles(_item_shards(path), shard, offset, length),
            user_ids=user_ids,
            interactions=pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))],
        )

    @cached_property
    def interaction_days(self) -> np.ndarray:
        """Days of the interactions, (N,) int32, as `keras_fashion.data.parse_days` counts them.

        Raises:
            InputError: If a time cannot be read.
        """
        table = pq.read_table(
            pa.BufferReader(_read(f"{os.fspath(self.path)}/interactions.parquet"))
        )
        _, pairs = _pairs(table, pa.array(self.item_ids))
        place = f"interactions of catalogue {self.name}"
        days = parse_days(table["time"].to_numpy().astype(str), place)
        return days[np.lexsort((pairs[:, 1], pairs[:, 0]))]

    def summary(self) -> str:
        """Returns the size of the catalogue and what was left out, as lines of text."""
        attributes = f" with {len(self.attributes)} attribute(s)" if self.attributes else ""
        lines = [
            f"catalogue {self.name}: {len(self.item_ids):,} items in {len(self.categories)} "
            f"categories{attributes}, {len(self.user_ids):,} users, "
            f"{len(self.interactions):,} interactions [{self.fingerprint[:12]}]"
        ]
        lines += [f"  left out: {count:,} x {reason}" for reason, count in self.skipped.items()]
        return "\n".join(lines)

    @property
    def license(self) -> str:
        """License of the data as the source states it; empty if it states none."""
        path = f"{os.fspath(self.path)}/LICENSE"
        return _read(path).decode().strip() if tf.io.gfile.exists(path) else ""

    @property
    def columns(self) -> dict[str, Attribute]:
        """All categorical columns of the items by name: "category" and the attributes."""
        category = Attribute(np.array(self.categories), self.item_categories)
        return {"category": category} | self.attributes

    def item_index(self, item_id: str) -> int:
        """Returns the dense index of an item id.

        Raises:
            InputError: If the id is unknown; the message suggests similar ones. The same holds for
                the other lookups.
        """
        return _position(self._item_positions, item_id, "item")

    def user_index(self, user_id: str) -> int:
        """Returns the dense index of a user id."""
        return _position(self._user_positions, user_id, "user")

    def category_index(self, name: str) -> int:
        """Returns the index of a category name."""
        return _position({name: i for i, name in enumerate(self.categories)}, name, "category")

    def items_where(self, conditions: Sequence[tuple[str, str]]) -> np.ndarray:
        """Returns which items satisfy conditions on their categorical columns.

        Conditions on the same column are alternatives; those on different columns must all hold.

        Args:
            conditions: Pairs of a column, "category" or the name of an attribute, and a value. The
                value "" of an attribute stands for "not known".

        Returns:
            (I,) bool.

        Raises:
            InputError: If a column or value is unknown.
        """
        columns = self.columns
        names = {name: i for i, name in enumerate(columns)}
        wanted: dict[str, list[int]] = {}
        for name, value in conditions:
            _position(names, name, "column")
            values = {each: i for i, each in enumerate(columns[name].values.tolist())}
            wanted.setdefault(name, []).append(_position(values, value, name))
        kept = np.ones(len(self.item_ids), bool)
        for name, codes in wanted.items():
            kept &= np.isin(columns[name].codes, codes)
        return kept

    def items_of(self, user: int) -> np.ndarray:
        """Returns the dense indices of a user's items, ascending.

        Args:
            user: Dense index of the user.
        """
        start, end = np.searchsorted(self.interactions[:, 0], [user, user + 1])
        return self.interactions[start:end, 1]

    def pictures_of(self, items: Iterable[int], size: tuple[int, int]) -> np.ndarray:
        """Decodes the pictures of a few items.

        Args:
            items: n dense indices.
            size: Height H and width W in pixels.

        Returns:
            (n, H, W, 3) uint8.
        """
        files = [tf.constant(self.picture_files[item]) for item in items]
        decoded = [decode_picture(file, size).numpy() for file in files]
        return np.array(decoded, np.uint8).reshape(-1, *size, 3)

    def pictures(self, size: tuple[int, int]) -> PictureTable | DecodedPictures:
        """Returns all pictures at one size, for training.

        The first call decodes them into a table of I * H * W * 3 bytes in the folder `derived`.
        Training then reads rows of it several times faster than it could decode a picture at each
        use (`make bench-pipeline`). If the table would take more than half of the free disk space,
        pictures are decoded at each use instead.

        Args:
            size: Height H and width W in pixels.

        Returns:
            An object of shape (I, H, W, 3) that an integer array of items indexes, with uint8
            pictures.
        """
        path = self.derived / f"pictures_{size[0]}x{size[1]}_{DECODER}.npy"
        decoded = DecodedPictures(self.picture_files, size)
        if not path.exists():
            if math.prod(decoded.shape) > shutil.disk_usage(self.derived).free / 2:
                return decoded
            write_picture_table(decoded, path)
        return PictureTable(path)

    @property
    def address(self) -> str:
        """Absolute path or address of the prepared folder."""
        path = os.fspath(self.path)
        return path if "://" in path else os.path.abspath(path)

    @cached_property
    def derived(self) -> Path:
        """Folder for files that are computed from the catalogue and can be computed again.

        It is the prepared folder itself or, if that is not writable, a folder in the user's cache.
        """
        if "://" not in os.fspath(self.path) and os.access(self.path, os.W_OK):
            return Path(self.path)
        cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        folder = cache / "keras-fashion" / self.fingerprint
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @cached_property
    def _item_positions(self) -> dict[str, int]:
        return {item: i for i, item in enumerate(self.item_ids.tolist())}

    @cached_property
    def _user_positions(self) -> dict[str, int]:
        return {user: i for i, user in enumerate(self.user_ids.tolist())}


def _read(path: str) -> bytes:
    with tf.io.gfile.GFile(path, "rb") as file:
        return file.read()


def _pairs(interactions: pa.Table, item_ids: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sorted ids of the users, and the dense pairs of (user, item) of the rows."""
    user_ids, users = factorize(interactions["user"])
    return user_ids, np.stack([users, index_in(interactions["item"], item_ids)], axis=1)


def _item_shards(path: str | Path) -> list[str]:
    """Returns the paths of the shards of items, in order.

    Raises:
        KeyError: If some are missing.
    """
    # Not with a glob, because the folder's own name may contain brackets.
    names = fnmatch.filter(tf.io.gfile.listdir(os.fspath(path)), "*-items.tfrecord-*")
    shards = [f"{os.fspath(path)}/{name}" for name in sorted(names)]
    # Each name ends in the number of shards. Without this check the shards after a missing one
    # would be taken for it.
    if not shards or len(shards) != int(shards[-1].rpartition("-")[2]):
        raise KeyError(f"{len(shards)} shards of items are not all")
    return shards


def _position(known_positions: dict[str, int], key: str, kind: str) -> int:
    if key in known_positions:
        return known_positions[key]
    known = list(known_positions)
    # difflib compares with every candidate, which would take minutes for a million ids.
    near = difflib.get_close_matches(key, known[:20_000], n=3, cutoff=0.5) or known[:3]
    raise InputError(
        f"no {kind} {key!r} among the catalogue's {len(known):,}; "
        f"known ones are, for example, {', '.join(near)}."
    )
