"""Ways in which any file can be damaged."""

import numpy as np


def truncated(rng: np.random.Generator, data: bytes) -> bytes:
    return data[: rng.integers(len(data) + 1)]


def flipped(rng: np.random.Generator, data: bytes) -> bytes:
    """One to twenty bits are the other way round."""
    changed = bytearray(data)
    for _ in range(rng.integers(1, 21) if data else 0):
        changed[rng.integers(len(data))] ^= 1 << rng.integers(8)
    return bytes(changed)


def flipped_at_an_end(rng: np.random.Generator, data: bytes) -> bytes:
    """Headers and directories stand at the ends."""
    near = min(len(data), 600)
    if rng.random() < 0.5:
        return flipped(rng, data[:near]) + data[near:]
    return data[: len(data) - near] + flipped(rng, data[len(data) - near :])


def overwritten(rng: np.random.Generator, data: bytes) -> bytes:
    start, length = rng.integers(len(data) + 1), int(rng.integers(1, 400))
    filling = bytes(length) if rng.random() < 0.5 else rng.bytes(length)
    return data[:start] + filling + data[start + length :]


def shuffled(rng: np.random.Generator, data: bytes) -> bytes:
    """A piece is left out, doubled or moved."""
    a, b, c = sorted(rng.integers(len(data) + 1, size=3).tolist())
    return (
        data[:a] + data[b:],
        data[:b] + data[a:],
        data[:a] + data[b:c] + data[a:b] + data[c:],
    )[rng.integers(3)]


def inserted(rng: np.random.Generator, data: bytes) -> bytes:
    pieces = (
        b"\0",
        b"\xff\xfe",
        b"\xc3",
        b"\xed\xa0\x80",
        b'"',
        b"\r",
        b"\n\n",
        b"\x1a",
        b"\x1f\x8b",
    )
    for _ in range(rng.integers(1, 9)):
        at = rng.integers(len(data) + 1)
        data = data[:at] + pieces[rng.integers(len(pieces))] + data[at:]
    return data


def replaced(rng: np.random.Generator, data: bytes) -> bytes:
    """Something else altogether."""
    return (
        b"",
        b"\n",
        rng.bytes(2000),
        b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        b"PK\x03\x04" + rng.bytes(200),
        b"PAR1" + rng.bytes(200) + b"PAR1",
        b"\x1f\x8b\x08" + rng.bytes(200),
        b"BZh9" + rng.bytes(200),
        b"\xfd7zXZ\0" + rng.bytes(200),
        b"\x93NUMPY\x01\0" + rng.bytes(200),
        bytes(10240),
    )[rng.integers(11)]


def lengthened(rng: np.random.Generator, data: bytes) -> bytes:
    return (data + rng.bytes(500), data + bytes(5000), data + data, rng.bytes(100) + data)[
        rng.integers(4)
    ]


DAMAGES = (
    truncated,
    flipped,
    flipped_at_an_end,
    overwritten,
    shuffled,
    inserted,
    replaced,
    lengthened,
)
