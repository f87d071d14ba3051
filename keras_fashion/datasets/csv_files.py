"""Prepare a catalogue from a shop's own files: two CSV files and its pictures."""

import csv
import difflib
import io
import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.csv
from tqdm import tqdm

from keras_fashion.catalogue.writer import CatalogueWriter
from keras_fashion.errors import InputError

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
DAMAGED = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, OSError)

Pictures = list[tuple[str, Callable[[], bytes]]]  # name inside the folder or archive, how to read


def prepare_csv(
    interactions: Path,
    items: Path,
    images: Path,
    out: Path,
    *,
    user_column: str = "user",
    item_column: str = "item",
    time_column: str | None = None,
    category_column: str = "category",
    attribute_columns: Sequence[str] = (),
    name: str | None = None,
    on_bad: Literal["skip", "refuse"] = "skip",
) -> dict[str, Any]:
    """Prepares a catalogue from `interactions.csv`, `items.csv` and pictures.

    Everything in the CSV files (comma-separated, UTF-8, with a header) is text: ids keep their
    leading zeros. Items stand in the catalogue in the order of the items file, however the
    pictures are packed. The picture of an item is the file, in any sub-folder, whose name without
    its suffix is the item's id; of several the first by path is taken. Archives are read in place
    and links in them are not followed. A compressed tar can only be read from front to back, so
    it is unpacked into one temporary file beside `out`.

    What cannot be used is counted by reason and listed, or refused: see `CatalogueWriter`. Rows
    are numbered as in a spreadsheet: the header is row 1, blank lines do not count.

    Args:
        interactions: CSV file, one row an interaction.
        items: CSV file, one row an item.
        images: Folder, tar (compressed or not) or zip of JPEG, PNG, WebP, GIF or BMP files.
        out: Folder of the catalogue to create.
        user_column: Column of the user's id in `interactions`.
        item_column: Column of the item's id in `interactions` and in `items`.
        time_column: Column of the time in `interactions`; by default `time`, if there is one.
        category_column: Column of the category in `items`.
        attribute_columns: Further columns of `items` to keep as attributes, such as the colour.
            An empty field means that the value is not known.
        name: Name of the catalogue; by default that of the folder `out`.
        on_bad: Whether records that cannot be used are left out or refused.

    Returns:
        The content of the `catalogue.json` that was written.

    Raises:
        InputError: If a file or column is missing or unreadable, if no item can be used, or under
            `on_bad="refuse"` at the first record that cannot be used.
    """
    interactions, items, images, out = (Path(p) for p in (interactions, items, images, out))
    attribute_columns = list(dict.fromkeys(attribute_columns))
    with CatalogueWriter(out, name or out.absolute().name, on_bad, attribute_columns) as writer:
        wanted = [("--item-column", item_column), ("--category-column", category_column)]
        wanted += [("--attribute-column", column) for column in attribute_columns]
        item_rows = _read_csv(items, wanted)
        if time_column is None and "time" in _header(interactions):
            time_column = "time"
        wanted = [("--user-column", user_column), ("--item-column", item_column)]
        wanted += [("--time-column", time_column)] if time_column is not None else []
        feedback = _read_csv(interactions, wanted)
        with _open_pictures(images, writer.folder) as pictures:
            columns = [item_column, category_column, *attribute_columns]
            _add_items(writer, items, item_rows[columns], pictures)
        frame = pd.DataFrame({"user": feedback[user_column], "item": feedback[item_column]})
        if time_column is not None:
            frame["time"] = feedback[time_column]
        frame["where"] = f"{interactions.name} row " + (frame.index + 2).astype("str")
        writer.add_interactions(frame)
        return writer.close()


def _add_items(
    writer: CatalogueWriter,
    items: Path,
    rows: pd.DataFrame,
    pictures: Pictures,
) -> None:
    """Joins items with their pictures, in the order of the items.

    The rows' first column is the id, the second the category; attributes follow.
    """
    ids = rows.iloc[:, 0]
    known = set(ids)
    read_picture: dict[str, Callable[[], bytes]] = {}
    for path, read in pictures:
        item = PurePosixPath(path).stem
        if item not in known:
            writer.skip("picture of an unknown item", path, item)
        elif item in read_picture:
            writer.skip("several pictures of one item", path, item)
        else:
            read_picture[item] = read
    if known and not read_picture:
        raise InputError(
            f"no picture is named after an item: the first picture is {pictures[0][0]!r}, the "
            f"first item in {items.name} is {ids.iloc[0]!r}. Name each picture <item id>.jpg, or "
            "name the column of the ids with --item-column"
        )
    tuples = rows.itertuples(index=False, name=None)
    progress = tqdm(tuples, total=len(ids), desc="Pictures", unit="item")
    for number, (item, category, *attributes) in enumerate(progress, start=2):
        where = f"{items.name} row {number}"
        if item in read_picture:
            try:
                picture = read_picture[item]()
            except (*DAMAGED, RuntimeError, NotImplementedError):  # an encrypted or exotic zip
                writer.skip("picture cannot be read", where, item)
                continue
            writer.add_item(item, category, picture, where, attributes)
        else:
            writer.skip("item without a picture" if item.strip() else "empty id", where, item)


@contextmanager
def _open_pictures(images: Path, scratch: Path) -> Iterator[Pictures]:
    """Gives the picture files in a folder, tar or zip, sorted by path, without extracting them."""
    with ExitStack() as stack:
        try:
            if images.is_dir():
                paths = (path for path in images.rglob("*") if path.is_file())
                files = [(path.relative_to(images).as_posix(), path.read_bytes) for path in paths]
            elif tarfile.is_tarfile(images):
                archive = stack.enter_context(_open_tar(images, scratch))
                members = [member for member in archive if member.isfile()]
                files = [
                    (member.name, partial(_read_member, archive, member)) for member in members
                ]
            else:
                archive = stack.enter_context(zipfile.ZipFile(images))
                members = [member for member in archive.infolist() if not member.is_dir()]
                files = [(member.filename, partial(archive.read, member)) for member in members]
        except FileNotFoundError as error:
            raise InputError(f"{images} does not exist: check --images") from error
        except DAMAGED as error:
            raise InputError(
                f"{images} cannot be read as a folder, a tar or a zip of pictures ({error}): check "
                "--images, and that the file is complete"
            ) from error
        files = [
            file for file in files if PurePosixPath(file[0]).suffix.lower() in PICTURE_SUFFIXES
        ]
        if not files:
            raise InputError(
                f"{images} holds no picture ({', '.join(PICTURE_SUFFIXES)}): check --images"
            )
        yield sorted(files, key=lambda file: file[0])


@contextmanager
def _open_tar(images: Path, scratch: Path) -> Iterator[tarfile.TarFile]:
    """Opens a tar for random access, a compressed one by way of an uncompressed temporary copy."""
    with tarfile.open(images) as archive:
        if isinstance(archive.fileobj, io.BufferedReader):  # a plain file, not a decompressor
            yield archive
            return
        with tempfile.TemporaryFile(dir=scratch) as plain:
            archive.fileobj.seek(0)
            shutil.copyfileobj(archive.fileobj, plain)
            plain.seek(0)
            with tarfile.open(fileobj=plain, mode="r:") as unpacked:
                yield unpacked


def _read_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    return archive.extractfile(member).read()


def _header(path: Path) -> list[str]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            columns = next(csv.reader(file), [])
    except UnicodeDecodeError as error:
        raise InputError(_not_utf8(path)) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if not any(columns):
        raise InputError(f"{path} is empty: it needs a header that names its columns")
    return columns


def _read_csv(path: Path, wanted: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Reads some columns as text.

    pyarrow's reader and not pandas' own, because the latter, when it reads only some columns,
    silently accepts rows with too many or too few fields.

    Args:
        path: CSV file.
        wanted: Columns to read, each with the option that names it.
    """
    columns = _header(path)
    for option, column in wanted:
        if columns.count(column) != 1:
            near = difflib.get_close_matches(column, columns, n=1, cutoff=0.5)
            guess = f" (did you mean {near[0]!r}?)" if near and near[0] != column else ""
            found = "several columns" if column in columns else "no column"
            raise InputError(
                f"{path} has {found} {column!r}; its columns are {', '.join(columns)}. "
                f"Name the right one with {option}{guess}"
            )
    names = list(dict.fromkeys(column for _, column in wanted))
    try:
        table = pa.csv.read_csv(
            path,
            read_options=pa.csv.ReadOptions(use_threads=False),  # or errors do not name the row
            parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(
                include_columns=names,
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        if "UTF8" in str(error):
            raise InputError(_not_utf8(path)) from error
        raise InputError(
            f"{path}: {str(error)[:300]}. Each row needs as many fields as the header, and a field "
            "with a comma or a line break in it needs double quotes"
        ) from error
    return table.to_pandas()


def _not_utf8(path: Path) -> str:
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                place = f"line {number}, byte {error.start + 1} of the line"
                return f"{path}: {place}, is not UTF-8. Save the file with the encoding UTF-8"
    return f"{path} is not UTF-8. Save the file with the encoding UTF-8"
