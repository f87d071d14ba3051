"""List the pictures of a folder, a tar or a zip, and read each where it lies.

Nothing is extracted: no path of an archive is ever opened, so none can lead out of it. Links are
not followed. What a picture's bytes are is settled once, by the listing; a million pictures are
then read without their archive being parsed again, by any number of processes and threads.
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
import weakref
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from keras_fashion.data.pictures import SUFFIXES
from keras_fashion.data.sources.bounded_stream import BoundedStream
from keras_fashion.data.sources.source import Skip, printable
from keras_fashion.errors import InputError

LARGEST_PICTURE = 2**26
"""Bytes, packed or not; a larger one is not read."""

UNPACKERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, NotImplementedError, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, ValueError, struct.error, OverflowError, MemoryError, RecursionError),
)
BLOCK = 512
LOCAL_HEADER = struct.Struct("<4s2xHH16xHH")  # magic, flags, method, lengths of name and extra
PEEK = 2**24
UNIX = 3


class Member(NamedTuple):
    """What an archive says of one of its members, or a folder of one of its files.

    Attributes:
        path: With slashes between the folders.
        reference: What the archive's reader takes; None if it will not be read.
        reason: Why it will not be read.
    """

    path: str
    reference: Any
    reason: str = ""


class PictureReader(ABC):
    """Reads encoded pictures by reference; it can be pickled, and threads may share it."""

    @abstractmethod
    def __call__(self, reference: Any) -> bytes:
        """Reads a picture.

        Raises:
            OSError: If it cannot be read.
            ValueError: If it is not what the listing said, or too large.
        """


class FolderReader(PictureReader):
    """Reads files by their path in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.fspath(folder)

    def __call__(self, reference: str) -> bytes:
        """Reads a file."""
        with open(os.path.join(self._folder, reference), "rb") as file:
            data = file.read(LARGEST_PICTURE + 1)
        _check_size(len(data))
        return data


class FileReader(PictureReader):
    """What reads pieces of one plain file at their offsets, with no position that is shared."""

    def __init__(self, path: Path) -> None:
        self._path = os.fspath(path)
        self._descriptor: int | None = None

    def __getstate__(self) -> str:
        return self._path

    def __setstate__(self, path: str) -> None:
        self.__init__(path)

    def piece(self, offset: int, size: int) -> bytes:
        """Reads exactly this piece of the file."""
        descriptor = self._descriptor
        if descriptor is None:
            descriptor = self._descriptor = os.open(self._path, os.O_RDONLY)
            weakref.finalize(self, os.close, descriptor)
        data = os.pread(descriptor, size, offset)
        if len(data) != size:
            raise OSError(f"{self._path} ends before byte {offset + size}")
        return data


class TarReader(FileReader):
    """Reads members of an uncompressed tar by their offset and size."""

    def __call__(self, reference: tuple[int, int]) -> bytes:
        """Reads a member."""
        offset, size = reference
        _check_size(size)
        return self.piece(offset, size)


class ZipReader(FileReader):
    """Reads members of a zip by their offset, packed size and checksum.

    Not with `zipfile`, which would parse the directory of all members again in every process.
    """

    def __call__(self, reference: tuple[int, int, int]) -> bytes:
        """Reads a member."""
        offset, packed_size, checksum = reference
        _check_size(packed_size)
        header = self.piece(offset, LOCAL_HEADER.size)
        magic, flags, method, *lengths = LOCAL_HEADER.unpack(header)
        if magic != b"PK\x03\x04":
            raise ValueError("the zip has no member where its directory says")
        if flags & 1:
            raise ValueError("the picture is encrypted")
        data = self.piece(offset + LOCAL_HEADER.size + sum(lengths), packed_size)
        if method == zipfile.ZIP_DEFLATED:
            try:
                data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, LARGEST_PICTURE + 1)
            except zlib.error as error:
                raise ValueError(str(error)) from error
        elif method != zipfile.ZIP_STORED:
            raise ValueError("the picture is packed by another method than deflate")
        _check_size(len(data))
        if zlib.crc32(data) != checksum:
            raise ValueError("the checksum does not fit")
        return data


class Pictures(NamedTuple):
    """The pictures of a folder or an archive.

    Attributes:
        paths: Paths inside it, sorted.
        references: Of each what `read` takes.
        read: Reads one.
    """

    paths: list[str]
    references: list[Any]
    read: PictureReader


def list_pictures(images: Path, skip: Skip, scratch: Path) -> Pictures:
    """Lists the files with a picture's suffix in a folder, a tar or a zip.

    A compressed tar can only be read from front to back, so it is unpacked into `scratch`.

    Args:
        images: Folder, tar (plain, gzip, bzip2 or xz) or zip.
        skip: Told of links and special files, and of members whose path leads out of the archive.
        scratch: Folder for temporary files, which must last as long as pictures are read.

    Raises:
        InputError: If `images` cannot be read, is damaged or a bomb, or holds no picture.
    """
    try:
        members, read = _open(images, scratch)
        pictures = []
        skipped = 0
        for path, reference, reason in members:
            if reason:
                skip(reason, _writable(path), _writable(posixpath.basename(path)))
                skipped += 1
            elif path.lower().endswith(SUFFIXES):
                pictures.append((path, reference))
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{images} does not exist: check --images") from error
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise InputError(f"{scratch} has no room to unpack {images}: make room") from error
        raise InputError(
            f"{images} cannot be read as a folder, a tar or a zip of pictures "
            f"({printable(str(error)) or type(error).__name__}): check --images, and that the file "
            "is complete"
        ) from error
    if not pictures:
        links = f", but {skipped} links or other things that are not read" if skipped else ""
        raise InputError(
            f"{images} holds no picture ({', '.join(SUFFIXES)}){links}: check --images"
        )
    pictures.sort(key=lambda picture: picture[0])
    paths, references = zip(*pictures, strict=True)
    return Pictures([_writable(path) for path in paths], list(references), read)


def some_picture_paths(images: Path, count: int) -> list[str]:
    """Paths of a few pictures, found without reading all of a folder or a tar.

    Fewer, where there are fewer or the archive is damaged: `list_pictures` says so.
    """
    paths: list[str] = []
    with suppress(InputError, *DAMAGED):
        members, _ = _open(images, None)
        for path, _, reason in members:
            if not reason and path.lower().endswith(SUFFIXES):
                paths.append(_writable(path))
            if len(paths) == count:
                break
    return paths


def _open(images: Path, scratch: Path | None) -> tuple[Iterator[Member], PictureReader]:
    """Members of whatever it is, and what reads them.

    Without `scratch`, those at the beginning of a compressed tar, and no reader that works.
    """
    if images.is_dir():
        return _folder_members(images), FolderReader(images)
    if images.exists() and not images.is_file():
        raise InputError(f"{images} is not a file: a pipe cannot be read twice")
    with open(images, "rb") as file:
        start = file.read(8)
    for magic, unpack in UNPACKERS.items():
        if start.startswith(magic):
            packed = images.stat().st_size
            with unpack(images) as unpacked:
                if scratch is None:
                    return _tar_members(io.BytesIO(unpacked.read(PEEK))), TarReader(images)
                plain = scratch / "pictures.tar"
                stream = BoundedStream(unpacked, packed, images)
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
                    yield Member(path, None, "link is not followed")
                elif entry.is_dir(follow_symlinks=False):
                    remaining.append(f"{path}/")
                elif entry.is_file(follow_symlinks=False):
                    yield Member(path, path)
                else:
                    yield Member(path, None, "not a regular file")


def _tar_members(file: BinaryIO) -> Iterator[Member]:
    """Closes the file at the end.

    Raises:
        tarfile.ReadError: Here if it is no uncompressed tar, in the iterator if it is damaged.
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
            archive.members.clear()  # of which it would keep all
            if archive.offset <= at:  # sizes below zero: some Pythons would go round for ever
                raise tarfile.ReadError(f"bad size of {member.name!r}")
            at = archive.offset
            path = _inside(member.name)
            if member.isdir():
                continue
            if member.issym() or member.islnk():
                yield Member(path, None, "link is not followed")
            elif not member.isreg() or member.issparse():
                yield Member(path, None, "not a regular file")
            else:
                reference = (member.offset_data, member.size)
                yield Member(path, reference, _reason(path))
        # tarfile takes a damaged header for the end, which is a block of zeros or of nothing.
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
        path = _inside(member.filename)
        kind = stat.S_IFMT(member.external_attr >> 16) if member.create_system == UNIX else 0
        if kind == stat.S_IFLNK:
            yield Member(path, None, "link is not followed")
        elif kind not in (0, stat.S_IFREG):
            yield Member(path, None, "not a regular file")
        else:
            reference = (member.header_offset, member.compress_size, member.CRC)
            yield Member(path, reference, _reason(path))


def _refuse_overlaps(members: list[zipfile.ZipInfo], end: int) -> None:
    """Refuses what makes a small zip unpack to more than its size allows: shared data."""
    starts = np.array([member.header_offset for member in members], np.int64)
    sizes = np.array([member.compress_size for member in members], np.int64)
    order = np.argsort(starts)
    ends = starts[order] + LOCAL_HEADER.size + sizes[order]
    if (ends > np.append(starts[order][1:], end)).any():
        raise zipfile.BadZipFile("members overlap, or lie where the file has none")


def _inside(path: str) -> str:
    """Windows writes its own slashes; `tar -c .` puts a dot before each path."""
    return path.replace("\\", "/").removeprefix("./")


def _reason(path: str) -> str:
    outside = path.startswith("/") or ".." in path.split("/") or re.match("[A-Za-z]:/", path)
    return "path leads out of the archive" if outside else ""


def _check_size(size: int) -> None:
    if size > LARGEST_PICTURE:
        raise ValueError(f"the picture has more than {LARGEST_PICTURE // 2**20} MiB")


def _writable(path: str) -> str:
    """Names that are not UTF-8 come with lone surrogates, which no file of ours could hold."""
    return path.encode("utf-8", "backslashreplace").decode()
