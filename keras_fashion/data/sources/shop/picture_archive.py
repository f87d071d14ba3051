"""Lists of the pictures in a folder, a tar or a zip.

Nothing is extracted, so that no path of an archive can lead out of a folder, and links are not
followed. The check of paths is our own because `tarfile.data_filter` is made for extraction: it
strips the slash of an absolute path, and it accepts backslashes and drive letters on Linux.
"""

import bz2
import errno
import gzip
import io
import lzma
import os
import posixpath
import re
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from keras_fashion.data.picture_checks import SUFFIXES
from keras_fashion.data.sources.bounded_stream import BoundedStream
from keras_fashion.data.sources.shop.picture_readers import (
    LOCAL_HEADER,
    FolderReader,
    PictureReader,
    TarReader,
    ZipReader,
)
from keras_fashion.data.sources.source import Skip, printable
from keras_fashion.errors import InputError

UNPACKERS: dict[bytes, Callable[[Path], io.BufferedIOBase]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}
DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, NotImplementedError, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, ValueError, struct.error, OverflowError, MemoryError, RecursionError),
)
BLOCK = 512  # bytes of a header in a tar
PEEK = 2**24  # bytes of a compressed tar that are unpacked for a few paths
UNIX = 3  # the system whose zip programs record the kinds of files
LINK = "link is not followed"
SPECIAL = "not a regular file"
OUTSIDE = "path leads out of the archive"


class Member(NamedTuple):
    """A member of an archive, or a file of a folder.

    Attributes:
        path: Path in the archive, with slashes between folders.
        reference: Reference for the archive's reader; None if the member is not read.
        reason: Reason why it is not read, or an empty text.
    """

    path: str
    reference: Any
    reason: str = ""


class Pictures(NamedTuple):
    """The pictures of a folder or an archive.

    Attributes:
        paths: Paths in the folder or archive, sorted.
        references: References for `read`, in the order of `paths`.
        read: Reader of the pictures.
    """

    paths: list[str]
    references: list[Any]
    read: PictureReader


def list_pictures(images: Path, skip: Skip, scratch: Path) -> Pictures:
    """Lists the files with a picture's suffix in a folder, a tar or a zip.

    A compressed tar can only be read from front to back, so it is unpacked into `scratch`.

    Args:
        images: Folder, tar (plain or compressed with gzip, bzip2 or xz) or zip.
        skip: Called for links, special files and members whose path leads out of the archive.
        scratch: Folder for temporary files, which must exist as long as pictures are read.

    Raises:
        InputError: If `images` cannot be read, is damaged or a decompression bomb, or has no
            picture.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with zipfile.ZipFile(folder / "pictures.zip", "w") as archive:
        ...     archive.writestr("summer/0108.jpg", b"content")
        >>> pictures = list_pictures(folder / "pictures.zip", print, folder)
        >>> pictures.paths
        ['summer/0108.jpg']
        >>> pictures.read(pictures.references[0])
        b'content'
    """
    try:
        members, read = _open(images, scratch)
        pictures = []
        num_skipped = 0
        for path, reference, reason in members:
            if reason:
                skip(reason, _encodable(path), _encodable(posixpath.basename(path)))
                num_skipped += 1
            elif path.lower().endswith(SUFFIXES):
                pictures.append((path, reference))
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{images} does not exist: check `images`") from error
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise InputError(f"{scratch} has no room to unpack {images}: make room") from error
        raise InputError(
            f"{images} cannot be read as a folder, a tar or a zip of pictures "
            f"({printable(str(error)) or type(error).__name__}): check `images`, and that the file "
            "is complete"
        ) from error
    if not pictures:
        others = f", but {num_skipped} links or other things that are not read"
        raise InputError(
            f"{images} holds no picture ({', '.join(SUFFIXES)}){others if num_skipped else ''}: "
            "check `images`"
        )
    pictures.sort(key=lambda picture: picture[0])
    return Pictures(
        [_encodable(path) for path, _ in pictures], [reference for _, reference in pictures], read
    )


def some_picture_paths(images: Path, count: int) -> list[str]:
    """Returns the paths of a few pictures, without reading all of a folder or a tar.

    Args:
        images: Folder, tar or zip.
        count: Maximum number of paths. There are fewer if there are fewer pictures, or if the
            archive is damaged, which `list_pictures` reports.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> (folder / "0108.jpg").touch()
        >>> some_picture_paths(folder, 5)
        ['0108.jpg']
    """
    paths: list[str] = []
    with suppress(InputError, *DAMAGED):
        members, _ = _open(images, None)
        for path, _, reason in members:
            if not reason and path.lower().endswith(SUFFIXES):
                paths.append(_encodable(path))
            if len(paths) == count:
                break
    return paths


def _open(images: Path, scratch: Path | None) -> tuple[Iterator[Member], PictureReader]:
    """Returns the members of a folder or archive, and their reader.

    Without `scratch`, the members are those at the start of a compressed tar, and its reader does
    not work.
    """
    if images.is_dir():
        return _folder_members(images), FolderReader(images)
    if images.exists() and not images.is_file():
        raise InputError(f"{images} is not a file: a pipe cannot be read twice")
    with open(images, "rb") as file:
        start = file.read(8)
    for magic, unpack in UNPACKERS.items():
        if start.startswith(magic):
            packed_size = images.stat().st_size
            with unpack(images) as unpacked:
                if scratch is None:
                    return _tar_members(io.BytesIO(unpacked.read(PEEK))), TarReader(images)
                plain = scratch / "pictures.tar"
                stream = BoundedStream(unpacked, packed_size, images)
                with open(plain, "wb") as file:
                    shutil.copyfileobj(stream, file, 2**20)
            return _tar_members(open(plain, "rb")), TarReader(plain)
    try:
        return _tar_members(open(images, "rb")), TarReader(images)
    except tarfile.ReadError:
        return _zip_members(images), ZipReader(images)


def _folder_members(folder: Path) -> Iterator[Member]:
    remaining = [""]
    while remaining:
        inside = remaining.pop()
        with os.scandir(folder / inside) as entries:
            for entry in entries:
                path = inside + entry.name
                if entry.is_symlink():
                    yield Member(path, None, LINK)
                elif entry.is_dir(follow_symlinks=False):
                    remaining.append(f"{path}/")
                elif entry.is_file(follow_symlinks=False):
                    yield Member(path, path)
                else:
                    yield Member(path, None, SPECIAL)


def _tar_members(file: BinaryIO) -> Iterator[Member]:
    """Returns an iterator over the members, which closes the file at its end.

    Raises:
        tarfile.ReadError: At once if the file is not an uncompressed tar, and in the iterator if it
            is damaged.
    """
    try:
        return _each_tar_member(file, tarfile.open(fileobj=file, mode="r:"))
    except BaseException:
        file.close()
        raise


def _each_tar_member(file: BinaryIO, archive: tarfile.TarFile) -> Iterator[Member]:
    with file:
        at = -1
        while member := archive.next():
            archive.members.clear()  # type: ignore[attr-defined] # tarfile would keep all of them
            if archive.offset <= at:  # with a negative size, some Pythons would never end
                raise tarfile.ReadError(f"bad size of {member.name!r}")
            at = archive.offset
            path = _with_slashes(member.name)
            if member.isdir():
                continue
            if member.issym() or member.islnk():
                yield Member(path, None, LINK)
            elif not member.isreg() or member.issparse():
                yield Member(path, None, SPECIAL)
            else:
                yield Member(path, (member.offset_data, member.size), _outside(path))
        # tarfile takes a damaged header for the end, which is a block of zeros or no block.
        file.seek(archive.offset)
        if file.read(BLOCK).strip(b"\0"):
            raise tarfile.ReadError(f"damaged at byte {archive.offset}")


def _zip_members(images: Path) -> Iterator[Member]:
    with zipfile.ZipFile(images) as archive:
        members = archive.infolist()
        _refuse_overlaps(members, archive.start_dir)
    files = [member for member in members if not member.is_dir()]
    if files and all(member.flag_bits & 1 for member in files):
        raise InputError(f"{images} is encrypted: unpack it with its password, and give the folder")
    for member in files:
        path = _with_slashes(member.filename)
        kind = stat.S_IFMT(member.external_attr >> 16) if member.create_system == UNIX else 0
        if kind == stat.S_IFLNK:
            yield Member(path, None, LINK)
        elif kind not in (0, stat.S_IFREG):
            yield Member(path, None, SPECIAL)
        else:
            reference = (member.header_offset, member.compress_size, member.CRC)
            yield Member(path, reference, _outside(path))


def _refuse_overlaps(members: list[zipfile.ZipInfo], end: int) -> None:
    """Refuses members that share data, by which a small zip could unpack to any size."""
    starts = np.array([member.header_offset for member in members], np.int64)
    sizes = np.array([member.compress_size for member in members], np.int64)
    order = np.argsort(starts)
    ends = starts[order] + LOCAL_HEADER.size + sizes[order]
    if (ends > np.append(starts[order][1:], end)).any():
        raise zipfile.BadZipFile("members overlap, or lie outside the file")


def _with_slashes(path: str) -> str:
    """Replaces the backslashes of Windows, and removes the dot that `tar -c .` puts first."""
    return path.replace("\\", "/").removeprefix("./")


def _outside(path: str) -> str:
    is_outside = path.startswith("/") or ".." in path.split("/") or re.match("[A-Za-z]:/", path)
    return OUTSIDE if is_outside else ""


def _encodable(path: str) -> str:
    """Escapes the lone surrogates of a name that is not UTF-8, which no text file can store."""
    return path.encode("utf-8", "backslashreplace").decode()
