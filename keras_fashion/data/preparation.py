"""From a source to a prepared catalogue, or to what would become of it."""

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

OWN_COLUMNS = {"item", "category", "picture", "pictures", "user", "time"}
OWN_COLUMNS |= {"shard", "offset", "length", "index"}


def prepare(
    source: Source,
    out: str | Path,
    name: str | None = None,
    on_bad: Literal["skip", "refuse"] = "skip",
    beam_runner: str | None = None,
    beam_options: Sequence[str] = (),
) -> dict[str, Any]:
    """Prepares a catalogue: a folder that is a TFDS data set and that `Catalogue.load` opens.

    The folder has the shards, `dataset_info.json` and `features.json` of TFDS, and beside them
    what lets a catalogue open at once: `items.parquet` (ids, categories, attributes, and where
    each picture lies), `interactions.parquet`, `catalogue.json` (counts and fingerprint) and
    `skipped.csv`. It is written aside and renamed: it is whole or it is not there.

    What cannot be used is left out, counted by reason and listed in `skipped.csv`, or refused.
    Pictures are checked and, where they are no plain JPEG or PNG, converted: `usable_picture`.
    Memory holds the tables of ids and interactions and a few pictures, never all of them.

    The fingerprint is the SHA-256 of the attributes' names, of each item's digest (see
    `IndexedRecordsWriter`) and of the interactions, in their stored order. The name and the
    skipped records do not enter it.

    Args:
        source: What to prepare.
        out: Folder to make. It may exist if it is empty; its parents are made.
        name: Of the catalogue, for reports; by default that of the folder.
        on_bad: Whether records that cannot be used are left out or refused.
        beam_runner: Name of an Apache Beam runner whose workers read, check and write the
            pictures, such as "DirectRunner"; None does it here. The catalogue is the same.
        beam_options: Of the runner, each as "name=value".

    Returns:
        The content of `catalogue.json`.

    Raises:
        InputError: If `out` is taken, no item can be used, Beam is not installed or has no such
            runner or option, or under `on_bad="refuse"` something cannot be used.
    """
    out = Path(out)
    config = beam_config(beam_runner, beam_options)
    with atomic_folder(out) as folder:
        scratch = folder / "scratch"
        scratch.mkdir()
        with open(folder / "skipped.csv", "w", encoding="utf-8", newline="") as listing:
            skipped = Skipped(on_bad, listing)
            items = _listed_items(source, skipped, scratch)
            builder = CatalogueBuilder(
                source,
                items,
                partial(_interactions_on, source, items, skipped),
                # Beam's workers cannot tell this process which item it was.
                stop_at_bad=on_bad == "refuse" and beam_runner is None,
                data_dir=str(scratch),
            )
            with _no_warning_of_large_pictures():
                try:
                    builder.download_and_prepare(download_dir=scratch, download_config=config)
                except UnusableItem as error:
                    _leave_out(source, items, error.row, error.reason, skipped)
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
    """Reads everything, as `prepare` would, and writes nothing.

    Args:
        source: What to check.
        name: Of the catalogue.
        on_bad: See `prepare`.

    Returns:
        What `prepare` would return, but for the fingerprint.

    Raises:
        InputError: As `prepare`.
    """
    skipped = Skipped(on_bad)
    with tempfile.TemporaryDirectory() as scratch, _no_warning_of_large_pictures():
        items = _listed_items(source, skipped, Path(scratch))
        examples = ItemExamples(items, source.attributes, source.read_picture, on_bad == "refuse")
        try:
            shown = tqdm(examples(), desc="items", total=len(items), unit="row")
            usable = np.array([row for row, _ in shown], np.int64)
        except UnusableItem as error:
            _leave_out(source, items, error.row, error.reason, skipped)
        interactions = _interactions_on(source, items, skipped, usable)
    facts = _facts(source, name, items.loc[usable], interactions)
    return facts | {"skipped": dict(skipped.counts)}


def _listed_items(source: Source, skipped: Skipped, scratch: Path) -> pd.DataFrame:
    for attribute in source.attributes:
        if attribute in OWN_COLUMNS or "/" in attribute or not attribute.strip():
            raise InputError(
                f"an attribute cannot be called {attribute!r}, which the catalogue keeps for "
                "itself: rename the column"
            )
    items = usable_items(source.items(skipped, scratch), skipped, source.item_place)
    if items.empty:
        raise _no_items(skipped)
    return items


def _interactions_on(
    source: Source, items: pd.DataFrame, skipped: Skipped, usable: np.ndarray
) -> pd.DataFrame:
    """Leaves out the items that turned out not to be usable, and the interactions on them."""
    for row in items.index.difference(usable):
        try:
            usable_picture(source.read_picture, items.at[row, "picture"])
            reason = "picture could be read the second time only"
        except UnusablePicture as error:
            reason = str(error)
        _leave_out(source, items, row, reason, skipped)
    if not len(usable):
        raise _no_items(skipped)
    known = items["item"].loc[usable]
    return usable_interactions(source.interactions(), known, skipped, source.interaction_place)


def _leave_out(
    source: Source, items: pd.DataFrame, row: int, reason: str, skipped: Skipped
) -> None:
    place = source.item_place(items.at[row, "index"])
    skipped(reason, place, items.at[row, "item"])


def _no_items(skipped: Skipped) -> InputError:
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
def _no_warning_of_large_pictures() -> Iterator[None]:
    """They are left out, with a reason; here and not in the threads that read pictures."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield
