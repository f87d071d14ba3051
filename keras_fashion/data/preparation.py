"""Prepares the catalogue of a source, or only checks the source.

`prepare` and `check` read and check the same records. `prepare` writes them by a
`CatalogueBuilder` into a folder that is complete or does not exist.
"""

import hashlib
import json
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from tqdm import tqdm

from keras_fashion.atomic_files import atomic_folder
from keras_fashion.data.beam import beam_config
from keras_fashion.data.catalogue import FORMAT
from keras_fashion.data.catalogue_builder import CatalogueBuilder
from keras_fashion.data.examples import ItemExamples, UnusableItem
from keras_fashion.data.indexed_records import INDEX_SUFFIX
from keras_fashion.data.picture_checks import UnusablePicture, usable_picture
from keras_fashion.data.sources.source import Source
from keras_fashion.data.usable_rows import Skipped, usable_interactions, usable_items
from keras_fashion.errors import InputError

RESERVED_COLUMNS = frozenset(
    {
        "item",
        "category",
        "picture",
        "pictures",
        "user",
        "time",
        "shard",
        "offset",
        "length",
        "index",
    }
)
"""Names that an attribute cannot have."""


def prepare(
    source: Source,
    out: str | Path,
    name: str | None = None,
    on_bad: Literal["skip", "refuse"] = "skip",
    beam_runner: str | None = None,
    beam_options: Sequence[str] = (),
) -> dict[str, Any]:
    """Prepares a catalogue: a folder that is a TFDS data set and that `Catalogue.load` opens.

    The folder contains the shards, `dataset_info.json` and `features.json` of TFDS, and four files
    that let a catalogue open quickly: `items.parquet` (ids, categories, attributes, and the
    position of each picture), `interactions.parquet`, `catalogue.json` (counts and fingerprint) and
    `skipped.csv`. It is written by `atomic_folder`, so that it is complete or does not exist.

    Records that cannot be used are left out, counted by reason and listed in `skipped.csv`, or they
    are refused. Pictures are checked and, unless they are plain JPEG or PNG files, converted by
    `usable_picture`. Memory holds the tables of ids and interactions and a few pictures, but never
    all pictures. Progress is shown on stderr.

    The fingerprint is the SHA-256 of the names of the attributes, of the digest of each item (see
    `IndexedRecordsWriter`) and of the interactions, in the order in which they are stored. The name
    of the catalogue and the skipped records are not part of it.

    Args:
        source: The source to prepare.
        out: Folder to create. It may exist if it is empty; its parents are created.
        name: Name of the catalogue, for reports. Defaults to the name of the folder.
        on_bad: "skip" to leave out records that cannot be used, "refuse" to raise an error.
        beam_runner: Name of an Apache Beam runner, such as "DirectRunner", whose workers read,
            check and write the pictures; None to do this in this process. The catalogue is the
            same.
        beam_options: Options of the runner, each as "name=value".

    Returns:
        The content of `catalogue.json`.

    Raises:
        InputError: If `out` is taken, no item can be used, Beam is not installed or has no such
            runner or option, or a record cannot be used and `on_bad` is "refuse".

    Example:
        >>> import io
        >>> from keras_fashion.data.sources.in_memory import InMemory
        >>> png = io.BytesIO()
        >>> Image.new("RGB", (8, 8), "navy").save(png, "PNG")
        >>> items = pd.DataFrame(
        ...     {"item": ["0108", "0207"], "category": "Shoes", "picture": [png.getvalue(), None]}
        ... )
        >>> folder = Path(tempfile.mkdtemp()) / "shop"
        >>> facts = prepare(InMemory(items), folder)
        >>> facts["items"], facts["skipped"]
        (1, {'item without a picture': 1})
        >>> (folder / "catalogue.json").exists()
        True
    """
    out = Path(out)
    config = beam_config(beam_runner, beam_options)
    with atomic_folder(out) as folder:
        scratch = folder / "scratch"
        scratch.mkdir()
        with open(folder / "skipped.csv", "w", encoding="utf-8", newline="") as listing:
            skipped = Skipped(on_bad, listing)
            items = _list_items(source, skipped, scratch)
            builder = CatalogueBuilder(
                source,
                items,
                partial(_usable_interactions_of, source, items, skipped),
                # An exception in a worker of Beam does not tell this process which item it was.
                stop_at_bad=on_bad == "refuse" and beam_runner is None,
                data_dir=str(scratch),
            )
            with _without_size_warnings():
                try:
                    builder.download_and_prepare(download_dir=scratch, download_config=config)
                except UnusableItem as error:
                    _skip_item(source, items, error.row, error.reason, skipped)
        for file in Path(builder.data_dir).iterdir():
            if not file.name.endswith(INDEX_SUFFIX):
                file.rename(folder / file.name)
        shutil.rmtree(scratch)
        items = items.loc[builder.written["row"]]
        _write_tables(folder, source, items, builder)
        facts = _facts(source, name or out.absolute().name, items, builder.interactions_written)
        facts |= {"skipped": dict(skipped.counts), "fingerprint": _fingerprint(source, builder)}
        source.write_extras(folder)
        text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
        (folder / "catalogue.json").write_text(text, encoding="utf-8")
    return facts


def check(source: Source, name: str, on_bad: Literal["skip", "refuse"] = "skip") -> dict[str, Any]:
    """Reads and checks a source as `prepare` does, without writing anything.

    Args:
        source: The source to check.
        name: Name of the catalogue.
        on_bad: "skip" to count records that cannot be used, "refuse" to raise an error.

    Returns:
        What `prepare` would return, except for the fingerprint.

    Raises:
        InputError: As `prepare`.

    Example:
        >>> from keras_fashion.data.sources.in_memory import InMemory
        >>> items = pd.DataFrame({"item": ["1"], "category": ["Tops"], "picture": [b"damaged"]})
        >>> check(InMemory(items), "shop")
        Traceback (most recent call last):
        ...
        keras_fashion.errors.InputError: no item can be used (1 x picture cannot be decoded); a ...
    """
    skipped = Skipped(on_bad)
    with tempfile.TemporaryDirectory() as scratch, _without_size_warnings():
        items = _list_items(source, skipped, Path(scratch))
        examples = ItemExamples(items, source.attributes, source.read_picture, on_bad == "refuse")
        try:
            shown = tqdm(examples(), desc="items", total=len(items), unit="row")
            usable = np.array([row for row, _ in shown], np.int64)
        except UnusableItem as error:
            _skip_item(source, items, error.row, error.reason, skipped)
            raise  # Not reached: under "refuse" the line above raises.
        interactions = _usable_interactions_of(source, items, skipped, usable)
    facts = _facts(source, name, items.loc[usable], interactions)
    return facts | {"skipped": dict(skipped.counts)}


def _list_items(source: Source, skipped: Skipped, scratch: Path) -> pd.DataFrame:
    for attribute in source.attributes:
        if attribute in RESERVED_COLUMNS or "/" in attribute or not attribute.strip():
            raise InputError(
                f"an attribute cannot be called {attribute!r}, which the catalogue keeps for "
                "itself: rename the column"
            )
    items = usable_items(source.items(skipped, scratch), skipped, source.item_place)
    if items.empty:
        raise _no_items_error(skipped)
    return items


def _usable_interactions_of(
    source: Source, items: pd.DataFrame, skipped: Skipped, usable: np.ndarray
) -> pd.DataFrame:
    """Returns the interactions with usable items, and skips the other items and interactions.

    Args:
        source: The source.
        items: Table of `_list_items`.
        skipped: Called for each record that is left out.
        usable: Index of the items whose picture can be used.
    """
    for row in items.index.difference(usable):
        try:
            usable_picture(source.read_picture, items.at[row, "picture"])
            reason = "picture could be read the second time only"
        except UnusablePicture as error:
            reason = str(error)
        _skip_item(source, items, row, reason, skipped)
    if not len(usable):
        raise _no_items_error(skipped)
    known = items["item"].loc[usable]
    return usable_interactions(source.interactions(), known, skipped, source.interaction_place)


def _skip_item(
    source: Source, items: pd.DataFrame, row: int, reason: str, skipped: Skipped
) -> None:
    place = source.item_place(items.at[row, "index"])
    skipped(reason, place, items.at[row, "item"])


def _no_items_error(skipped: Skipped) -> InputError:
    reasons = ", ".join(f"{count} x {reason}" for reason, count in skipped.counts.items())
    return InputError(
        f"no item can be used ({reasons or 'none was given'}); a catalogue needs at least one "
        "item with a picture and a category"
    )


def _facts(
    source: Source, name: str, items: pd.DataFrame, interactions: pd.DataFrame
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": name,
        "source": source.name,
        "users": int(interactions["user"].nunique()),
        "items": len(items),
        "interactions": len(interactions),
        "categories": sorted(items["category"].unique()),
        "attributes": list(source.attributes),
    }


def _write_tables(
    folder: Path, source: Source, items: pd.DataFrame, builder: CatalogueBuilder
) -> None:
    texts = ["item", "category", *source.attributes]
    columns = {name: pa.array(items[name], pa.string()) for name in texts}
    columns |= {name: builder.written[name] for name in ("shard", "offset", "length")}
    pq.write_table(pa.table(columns), folder / "items.parquet", compression="zstd")
    texts = ["user", "item", "time"]
    columns = {name: pa.array(builder.interactions_written[name], pa.string()) for name in texts}
    pq.write_table(pa.table(columns), folder / "interactions.parquet", compression="zstd")


def _fingerprint(source: Source, builder: CatalogueBuilder) -> str:
    digest = hashlib.sha256(json.dumps(source.attributes, ensure_ascii=False).encode())
    digest.update(builder.written["digest"].tobytes())
    for column in builder.interactions_written:
        texts = builder.interactions_written[column]
        digest.update(texts.str.len().to_numpy("<i8").tobytes())
        digest.update("".join(texts).encode())
    return digest.hexdigest()


@contextmanager
def _without_size_warnings() -> Iterator[None]:
    """Silences Pillow's warning about large pictures, which are left out with a reason instead.

    The filter is set here because the threads that read pictures share it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield
