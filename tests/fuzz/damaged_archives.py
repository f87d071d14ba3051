"""Tars and zips with members that no honest tool writes."""

import io
import struct
import tarfile
import zipfile

import numpy as np

Pictures = dict[str, bytes]
NAMES = ("../../0001.jpg", "/0001.jpg", "C:\\0001.jpg", "..\\0001.jpg", "a\nb.jpg", "é.jpg", ".jpg")
NAMES += (
    "\udcff.jpg",
    "x" * 300 + ".jpg",
    "a/" * 200 + "0001.jpg",
    "0001.jpg/",
    "\x1b[2J.jpg",
    " ",
)


def tar_bytes(pictures: Pictures) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in pictures.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return data.getvalue()


def zip_bytes(pictures: Pictures, method: int = zipfile.ZIP_STORED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in pictures.items():
            archive.writestr(name, content)
    return data.getvalue()


def tar_headers(rng: np.random.Generator, pictures: Pictures) -> bytes:
    """Fields of some headers are odd, and their checksums fit."""
    data = bytearray(tar_bytes(pictures))
    fields = {"name": (0, 100), "mode": (100, 8), "size": (124, 12), "type": (156, 1)}
    fields |= {"link": (157, 100), "magic": (257, 8), "prefix": (345, 155), "device": (329, 16)}
    starts = []
    at = 0
    for content in pictures.values():
        starts.append(at)
        at += 512 + -(-len(content) // 512) * 512
    for start in rng.choice(starts, rng.integers(1, 4)):
        offset, length = fields[str(rng.choice(list(fields)))]
        values = (
            rng.bytes(length),
            b"\xff" * length,
            b"\x80" + rng.bytes(length)[1:],
            b"7" * length,
            bytes(length),
            (b"%011o" % int(rng.integers(0, 2**33))).ljust(length, b"\0")[:length],
        )
        value = values[rng.integers(len(values))]
        if length == 1:
            value = b"0123456789xgLKSDMNXV\0"[(at := rng.integers(21)) : at + 1]
        data[start + offset : start + offset + length] = value
        header = data[start : start + 512]
        header[148:156] = b" " * 8
        data[start + 148 : start + 156] = b"%06o\0 " % sum(header)
    return bytes(data)


def tar_records(rng: np.random.Generator, pictures: Pictures) -> bytes:
    """Records of PAX and GNU, well formed or not, stand before the members."""
    data = b""
    for name, content in pictures.items():
        member = tarfile.TarInfo(name)
        member.size = len(content)
        if rng.random() < 0.4:
            record = (
                b"11 size=-512\n"[:13],
                b"20 size=99999999999\n",
                b"13 path=\xff\xfe.j\n",
                b"999999999 path=x\n",
                b"0 path=x\n",
                b"-5 a=b\n",
                b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n",
                b"25 GNU.sparse.map=0,1,2,3\n",
                b"11 mtime=x\n",
                rng.bytes(40),
            )[rng.integers(10)]
            extra = tarfile.TarInfo("record")
            extra.type = (b"x", b"g", b"L", b"K", b"S")[rng.integers(5)]
            extra.size = len(record)
            data += extra.tobuf(tarfile.USTAR_FORMAT) + record.ljust(512, b"\0")
        data += member.tobuf(tarfile.USTAR_FORMAT) + content
        data += bytes(-len(content) % 512)
    return data + bytes(1024)


def zip_fields(rng: np.random.Generator, pictures: Pictures) -> bytes:
    """Fields of the members' headers, of the directory or of its end are odd."""
    method = zipfile.ZIP_STORED if rng.random() < 0.5 else zipfile.ZIP_DEFLATED
    data = bytearray(zip_bytes(pictures, method))
    for _ in range(rng.integers(1, 4)):
        magic, size = ((b"PK\x03\x04", 30), (b"PK\x01\x02", 46), (b"PK\x05\x06", 22))[
            rng.integers(3)
        ]
        starts = [at for at in range(len(data)) if data.startswith(magic, at)]
        start = int(rng.choice(starts)) + 4 if starts else 0
        at = start + 2 * int(rng.integers((size - 4) // 2))
        values = (0, 1, 9, 12, 14, 99, 0xFFFF, int(rng.integers(65_536)))
        data[at : at + 2] = struct.pack("<H", values[rng.integers(len(values))])
    return bytes(data)


def strange_names(rng: np.random.Generator, pictures: Pictures) -> bytes:
    names = rng.permutation(list(pictures)).tolist()
    for at in range(rng.integers(1, 4)):
        names[at] = NAMES[rng.integers(len(NAMES))]
    renamed = dict(zip(names, pictures.values(), strict=True))
    if rng.random() < 0.5:
        return tar_bytes(renamed)
    printable = {name.encode(errors="replace").decode(): data for name, data in renamed.items()}
    return zip_bytes(printable)


ARCHIVE_DAMAGES = (tar_headers, tar_records, zip_fields, strange_names)
