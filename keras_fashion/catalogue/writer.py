"""Write a prepared catalogue: aside first, then renamed into place."""

import csv
import hashlib
import io
import json
import secrets
import shutil
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import ExifTags, Image, ImageOps

from keras_fashion.errors import InputError

ROW_GROUP_ITEMS = 256
ROW_GROUP_BYTES = 32 * 2**20  # large pictures close a row group early, which bounds the memory
PICTURE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")  # no EPS: Pillow would run Ghostscript
PNG_END = b"IEND\xaeB`\x82"  # TensorFlow refuses a PNG without it, Pillow does not
HARMLESS = frozenset({"duplicate interaction", "picture of an unknown item"})
ITEM_SCHEMA = pa.schema(
    [("item", pa.string()), ("category", pa.string()), ("picture", pa.binary())]
)
INTERACTION_SCHEMA = pa.schema(
    [("user", pa.string()), ("item", pa.string()), ("time", pa.string())]
)


class CatalogueWriter:
    """Writes a prepared catalogue into a temporary folder and renames it into place at the end.

    Use it as a context manager: leaving the block closes the catalogue, and an exception or
    Ctrl-C inside it leaves nothing behind.

    What cannot be used is left out, counted by reason and listed in `skipped.csv`; with
    `on_bad="refuse"` the first such record raises `InputError` instead. Two reasons never refuse,
    because they are normal in good data: "duplicate interaction" (a purchase log holds repeated
    purchases; the first row given is kept) and "picture of an unknown item" (a picture archive
    often covers more than the items chosen).

    Attributes are further category columns of the items, stored beside the category under their
    own names. An item whose value is not known has the empty one: no word that we could write
    instead is safe from being a shop's real value. Such an item is kept.

    The fingerprint is the SHA-256 of the ids, categories, attributes (where there are any),
    picture bytes and interactions in their stored order. The name, the skipped records and the
    Parquet encoding do not enter it.

    Args:
        path: Folder to create. It may exist if it is empty; its parents are made.
        name: Name of the catalogue, for reports.
        on_bad: Whether records that cannot be used are left out or refused.
        attributes: Names of the attributes, all different.

    Attributes:
        folder: The temporary folder, beside `path`, into which a source may put files of its
            own before `close`.

    Raises:
        InputError: If `path` is taken or cannot be created, or an attribute has the name of
            another column of the items.

    Example:
        >>> with CatalogueWriter(Path("catalogues/shop"), "shop") as writer:
        ...     writer.add_item("0108", "Shoes", Path("0108.jpg").read_bytes(), "0108.jpg")
        ...     writer.add_interactions(pd.DataFrame({"user": ["ann"], "item": ["0108"]}))
    """

    def __init__(
        self,
        path: Path,
        name: str,
        on_bad: Literal["skip", "refuse"] = "skip",
        attributes: Sequence[str] = (),
    ) -> None:
        if taken := set(attributes) & set(ITEM_SCHEMA.names):
            raise InputError(
                f"an attribute cannot be called {min(taken)!r}, as the catalogue has a column of "
                "that name: rename it"
            )
        self.path = Path(path).absolute()
        self.name = name
        self.on_bad = on_bad
        self.attributes = tuple(attributes)
        if self.path.exists() and not (self.path.is_dir() and not any(self.path.iterdir())):
            raise InputError(
                f"{path} exists and is not an empty folder: give another place or remove it first"
            )
        self.folder = self.path.with_name(f".{self.path.name}-{secrets.token_hex(4)}")
        try:
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise InputError(
                f"{path} cannot be created ({error.strerror}): give a place that can be written"
            ) from error
        self._closed = False
        self._item_ids: set[str] = set()
        self._categories: set[str] = set()
        self._skipped: Counter[str] = Counter()
        self._interactions: list[pd.DataFrame] = []
        self._digest = hashlib.sha256()
        self._digest_fields(*(name.encode() for name in self.attributes))
        self._row_group: list[dict[str, str | bytes]] = []
        self._row_group_bytes = 0
        self._item_schema = pa.schema(
            [*ITEM_SCHEMA, *((name, pa.string()) for name in self.attributes)]
        )
        compression = dict.fromkeys(self._item_schema.names, "zstd") | {"picture": "none"}
        self._items_file = pq.ParquetWriter(
            self.folder / "items.parquet",
            self._item_schema,
            compression=compression,
            use_dictionary=["category", *self.attributes],
            write_statistics=["item", "category", *self.attributes],
        )
        self._skipped_file = open(  # noqa: SIM115 - lives as long as the writer
            self.folder / "skipped.csv", "w", encoding="utf-8", newline=""
        )
        self._skipped_rows = csv.writer(self._skipped_file, lineterminator="\n")
        self._skipped_rows.writerow(["reason", "where", "value"])

    def __enter__(self) -> "CatalogueWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._discard()
        elif not self._closed:
            self.close()

    def add_item(
        self,
        item: str,
        category: str,
        picture: bytes,
        where: str,
        attributes: Sequence[str] = (),
    ) -> bool:
        """Adds one item, or skips it when it is a duplicate or cannot be used.

        JPEG and PNG pictures of 8 bits a channel in RGB or grey are kept byte for byte. Any other
        format or mode becomes an RGB PNG: transparency flattened on white, EXIF rotation applied.

        Args:
            item: Id of the item.
            category: Name of its category.
            picture: Encoded picture: JPEG, PNG, WebP, GIF (first frame) or BMP.
            where: Where the item comes from (file and row), for messages.
            attributes: A value for each of the writer's attributes, in their order; an empty or
                blank one is not known.

        Returns:
            Whether the item is in the catalogue.

        Raises:
            InputError: Under `on_bad="refuse"`, if the item cannot be used.
            ValueError: If there are more or fewer values than attributes.
        """
        if len(attributes) != len(self.attributes):
            raise ValueError(f"{len(self.attributes)} attributes, but values {attributes}")
        attributes = [value if value.strip() else "" for value in attributes]
        if not item.strip():
            self.skip("empty id", where, item)
            return False
        if item in self._item_ids:
            self.skip("duplicate item", where, item)
            return False
        if not category.strip():
            self.skip("item without a category", where, item)
            return False
        try:
            picture = _as_jpeg_or_png(picture)
        except Exception:  # a broken file makes Pillow's parsers raise nearly anything
            self.skip("picture cannot be decoded", where, item)
            return False
        self._item_ids.add(item)
        self._categories.add(category)
        self._digest_fields(item.encode(), category.encode(), picture)
        self._digest_fields(*(value.encode() for value in attributes))
        row = {"item": item, "category": category, "picture": picture}
        self._row_group.append(row | dict(zip(self.attributes, attributes, strict=True)))
        self._row_group_bytes += len(picture)
        if len(self._row_group) >= ROW_GROUP_ITEMS or self._row_group_bytes >= ROW_GROUP_BYTES:
            self._write_row_group()
        return True

    def skip(self, reason: str, where: str, value: str) -> None:
        """Counts and lists a record that is left out.

        Args:
            reason: Short fixed phrase, such as "item without a picture".
            where: File and row, or the picture's name.
            value: What is left out: an id, or whatever identifies it.

        Raises:
            InputError: Under `on_bad="refuse"`, unless the reason is a harmless one.
        """
        if self.on_bad == "refuse" and reason not in HARMLESS:
            raise InputError(
                f"{where}: {reason} ({value!r}). Correct it, or leave it out: on_bad='skip'"
            )
        self._skipped[reason] += 1
        self._skipped_rows.writerow([reason, where, value])

    def add_interactions(self, frame: pd.DataFrame) -> None:
        """Adds feedback, in any number of calls; it is checked against the items at `close`.

        Args:
            frame: Text columns `user` and `item`, and optionally `time` (empty or missing: not
                known) and `where` (file and row, for messages). One row an interaction.
        """
        rows = {"user": frame["user"], "item": frame["item"]}
        rows |= {"time": frame.get("time", ""), "where": frame.get("where", "")}
        self._interactions.append(pd.DataFrame(rows).fillna("").astype("str"))

    def close(self) -> dict[str, Any]:
        """Writes what is left, and the counts, and renames the folder into place.

        Returns:
            The content of `catalogue.json`.

        Raises:
            InputError: If no item was kept, or under `on_bad="refuse"` if an interaction cannot
                be used. Nothing is left behind.
        """
        try:
            if not self._item_ids:
                reasons = ", ".join(f"{count} x {why}" for why, count in self._skipped.items())
                raise InputError(
                    f"{self.name}: no item can be used ({reasons or 'none was given'}); "
                    "a catalogue needs at least one item with a picture and a category"
                )
            self._write_row_group()
            self._items_file.close()
            users, interactions = self._write_interactions()
            self._skipped_file.close()
            summary = {
                "format": 1,
                "name": self.name,
                "users": users,
                "items": len(self._item_ids),
                "interactions": interactions,
                "categories": sorted(self._categories),
                "attributes": list(self.attributes),
                "skipped": dict(self._skipped),
                "fingerprint": self._digest.hexdigest(),
            }
            text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
            (self.folder / "catalogue.json").write_text(text, encoding="utf-8")
            self.folder.rename(self.path)
        except BaseException:
            self._discard()
            raise
        self._closed = True
        return summary

    def _discard(self) -> None:
        if not self._closed:
            self._closed = True
            self._items_file.close()
            self._skipped_file.close()
            shutil.rmtree(self.folder)

    def _digest_fields(self, *fields: bytes) -> None:
        for field in fields:
            self._digest.update(len(field).to_bytes(8, "little"))
            self._digest.update(field)

    def _write_row_group(self) -> None:
        if self._row_group:
            self._items_file.write_table(pa.Table.from_pylist(self._row_group, self._item_schema))
        self._row_group, self._row_group_bytes = [], 0

    def _write_interactions(self) -> tuple[int, int]:
        """Writes the distinct interactions on known items; returns their users and their number."""
        none = pd.DataFrame(columns=["user", "item", "time", "where"], dtype="str")
        frame = pd.concat([none, *self._interactions], ignore_index=True)
        reasons = ["empty id", "interaction on unknown item", "duplicate interaction"]
        reason = np.select(
            [
                (frame["user"].str.strip() == "") | (frame["item"].str.strip() == ""),
                ~frame["item"].isin(self._item_ids),
                frame.duplicated(["user", "item"]),
            ],
            np.arange(3, dtype=np.int8),
            np.int8(-1),
        )
        for row in frame[reason >= 0].assign(reason=reason[reason >= 0]).itertuples():
            where = row.where or f"interaction {row.Index + 1}"
            self.skip(reasons[row.reason], where, f"{row.user}, {row.item}")
        kept = frame.loc[reason < 0, ["user", "item", "time"]]
        for column in kept:
            lengths = kept[column].str.len().to_numpy("<i8")
            self._digest.update(lengths.tobytes())
            self._digest.update("".join(kept[column].tolist()).encode())
        kept = kept.assign(time=kept["time"].mask(kept["time"] == ""))
        table = pa.Table.from_pandas(kept, INTERACTION_SCHEMA, preserve_index=False)
        pq.write_table(
            table.replace_schema_metadata(None),
            self.folder / "interactions.parquet",
            compression="zstd",
        )
        return kept["user"].nunique(), len(kept)


def _as_jpeg_or_png(data: bytes) -> bytes:
    """Returns the picture as 8-bit RGB or grey JPEG or PNG; raises if it does not decode."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # Only verify() checks the checksums of a PNG, which TensorFlow's decoder insists on.
        Image.open(io.BytesIO(data), formats=PICTURE_FORMATS).verify()
        image = Image.open(io.BytesIO(data), formats=PICTURE_FORMATS)
        image.load()
    if image.format == "PNG":  # of 8 bits (Pillow shows 16-bit RGB as plain RGB), with its end
        keepable = data[24] == 8 and data.endswith(PNG_END)
    else:
        keepable = image.format == "JPEG"
    if (
        keepable
        and image.mode in ("RGB", "L")
        and not image.has_transparency_data
        and image.getexif().get(ExifTags.Base.Orientation) not in range(2, 9)
    ):
        return data
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # 16-bit grey: Pillow clips instead of scaling
        upright = Image.fromarray((np.asarray(upright) // 257).astype(np.uint8))
    if upright.has_transparency_data:
        picture = upright.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        upright = Image.alpha_composite(white, picture)
    encoded = io.BytesIO()
    upright.convert("RGB").save(encoded, "PNG")
    return encoded.getvalue()
