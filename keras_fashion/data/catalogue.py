"""A prepared catalogue: items with pictures, users and their feedback, ready for training."""

import difflib
import fnmatch
import json
import math
import os
import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf

from keras_fashion.data.columns import Attribute, coded, positions
from keras_fashion.data.picture_store import (
    DecodedPictures,
    PictureFiles,
    PictureTable,
    write_picture_table,
)
from keras_fashion.data.pictures import DECODER, decode_picture
from keras_fashion.errors import InputError

FORMAT = 2
UNREADABLE = (ValueError, KeyError, TypeError, OSError, pa.ArrowException, tf.errors.OpError)


class Catalogue:
    """Items, pictures and feedback of one shop, read from a prepared folder.

    Ids are text outside and dense integers inside; the catalogue owns the mapping. Pictures stay
    on disk: `picture_files` reads one as it was delivered, `pictures` maps all of them at a
    training size. The folder may be on any file system that `tf.io.gfile` opens.

    Attributes:
        path: The prepared folder.
        name: What the source calls itself.
        fingerprint: SHA-256 of the content, see `keras_fashion.data.prepare`.
        skipped: How many records were left out, by reason (listed in `skipped.csv`).
        item_ids: (I,) text, by dense item index.
        categories: The C category names, sorted.
        item_categories: (I,) int32, index into `categories`.
        attributes: Further category columns of the items by name; none in most catalogues.
        picture_files: The encoded picture of each item, by dense item index.
        user_ids: (U,) text, sorted; the position is the dense user index.
        interactions: (N, 2) int32 of distinct (user, item), sorted.
    """

    def __init__(
        self,
        path: str | Path,
        facts: dict,
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
        """Reads a prepared folder; the pictures themselves stay on disk.

        Args:
            path: Local, or an address such as gs://bucket/shop.

        Raises:
            InputError: If the folder is not a prepared catalogue.
        """
        folder = os.fspath(path)
        if "://" not in folder:
            path = Path(path)
        if not tf.io.gfile.exists(f"{folder}/catalogue.json"):
            raise InputError(
                f"{path} is not a prepared catalogue (it holds no catalogue.json); make one with "
                "`keras-fashion prepare`."
            )
        try:
            facts = json.loads(_read(f"{folder}/catalogue.json"))
            if not isinstance(facts, dict) or facts.get("format") != FORMAT:
                raise InputError(
                    f"{path} is not a prepared catalogue of format {FORMAT} (see its "
                    "catalogue.json); prepare it again."
                )
            items = pq.read_table(pa.BufferReader(_read(f"{folder}/items.parquet")))
            feedback = pq.read_table(pa.BufferReader(_read(f"{folder}/interactions.parquet")))
            catalogue = cls._of_tables(path, facts, items, feedback)
        except InputError:
            raise
        except UNREADABLE as error:
            raise InputError(f"{path} is damaged ({error}); prepare it again.") from error
        # Arrow would keep what it read the tables into: 210 MB at a million items.
        del items, feedback
        pa.default_memory_pool().release_unused()
        return catalogue

    @classmethod
    def _of_tables(
        cls, path: str | Path, facts: dict, items: pa.Table, feedback: pa.Table
    ) -> "Catalogue":
        user_ids, users = coded(feedback["user"])
        bought = positions(feedback["item"], items["item"])
        interactions = np.stack([users, bought], axis=1)
        # Not by glob: the folder's own name may have brackets.
        names = fnmatch.filter(tf.io.gfile.listdir(os.fspath(path)), "*-items.tfrecord-*")
        shards = [f"{os.fspath(path)}/{name}" for name in sorted(names)]
        # Their number is in each name; without one of them the others would be taken for it.
        if not shards or len(shards) != int(shards[-1].rpartition("-")[2]):
            raise KeyError(f"{len(shards)} shards of items are not all")
        where = (items[name].to_numpy() for name in ("shard", "offset", "length"))
        return cls(
            path,
            facts,
            item_ids=items["item"].to_numpy().astype(str),
            item_categories=positions(items["category"], pa.array(facts["categories"])),
            attributes={name: Attribute(*coded(items[name])) for name in facts["attributes"]},
            picture_files=PictureFiles(shards, *where),
            user_ids=user_ids,
            interactions=interactions[np.lexsort((interactions[:, 1], interactions[:, 0]))],
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

    @property
    def licence(self) -> str:
        """What the source says of its licence; empty where it says nothing."""
        path = f"{os.fspath(self.path)}/LICENSE"
        return _read(path).decode().strip() if tf.io.gfile.exists(path) else ""

    def item_index(self, item_id: str) -> int:
        """Dense index of an item id; InputError for an unknown one."""
        return _position(self._item_positions, item_id, "item")

    def user_index(self, user_id: str) -> int:
        """Dense index of a user id; InputError for an unknown one."""
        return _position(self._user_positions, user_id, "user")

    def category_index(self, name: str) -> int:
        """Index of a category; InputError for an unknown one."""
        return _position({name: i for i, name in enumerate(self.categories)}, name, "category")

    def items_where(self, conditions: Sequence[tuple[str, str]]) -> np.ndarray:
        """Which items have, of every column that is named, one of the values named for it.

        Args:
            conditions: Pairs of a column, "category" or the name of an attribute, and a value;
                an attribute's "" stands for "not known".

        Returns:
            (I,) bool.

        Raises:
            InputError: For an unknown column or value; it names the nearest ones.
        """
        columns = {"category": Attribute(np.array(self.categories), self.item_categories)}
        columns |= self.attributes
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
        """The dense items of one user, ascending."""
        start, end = np.searchsorted(self.interactions[:, 0], [user, user + 1])
        return self.interactions[start:end, 1]

    def pictures_of(self, items: Sequence[int], size: tuple[int, int]) -> np.ndarray:
        """A few items' pictures, decoded as they are asked for: (n, H, W, 3) uint8."""
        decoded = [decode_picture(self.picture_files[item], size).numpy() for item in items]
        return np.array(decoded, np.uint8).reshape(-1, *size, 3)

    def pictures(self, size: tuple[int, int]) -> PictureTable | DecodedPictures:
        """All pictures at one size: (I, H, W, 3) uint8, indexed by an array of items.

        They are decoded once into a table of I * H * W * 3 bytes among the `derived` files;
        training then reads rows of it, several times quicker than it could decode a picture at
        each use (`make bench-pipeline`). Where the table would take more than half of what is free
        on the disk, pictures are decoded at each use instead.
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
        """Where the prepared folder is, whatever the working directory."""
        path = os.fspath(self.path)
        return path if "://" in path else os.path.abspath(path)

    @cached_property
    def derived(self) -> Path:
        """Folder for what is made of the catalogue and can be made again.

        The prepared folder itself or, where it cannot be written to, one in the user's cache.
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


def _position(known_positions: dict[str, int], key: str, kind: str) -> int:
    if key in known_positions:
        return known_positions[key]
    known = list(known_positions)
    # difflib compares with every candidate: a million ids would take minutes.
    near = difflib.get_close_matches(key, known[:20_000], n=3, cutoff=0.5) or known[:3]
    raise InputError(
        f"no {kind} {key!r} among the catalogue's {len(known):,}; "
        f"known ones are, for example, {', '.join(near)}."
    )
