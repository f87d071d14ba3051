import gzip
import io

import pytest

from keras_fashion.data.sources import bounded_stream
from keras_fashion.data.sources.bounded_stream import BoundedStream
from keras_fashion.errors import InputError


def unpacked(data, path="x.gz"):
    packed = gzip.compress(data)
    stream = BoundedStream(gzip.GzipFile(fileobj=io.BytesIO(packed)), len(packed), path)
    with io.BufferedReader(stream, 1000) as reader:
        return reader.read()


def test_what_packs_as_text_does_comes_through():
    data = "".join(f"user {n},item {n % 7}\n" for n in range(9999)).encode()
    assert unpacked(data) == data
    assert unpacked(b"") == b""


def test_what_unpacks_to_a_hundredfold_is_refused_beyond_what_all_may(monkeypatch):
    zeros = bytes(2**20)
    assert unpacked(zeros) == zeros  # about a thousandfold, but small
    monkeypatch.setattr(bounded_stream, "MIN_LIMIT", 2**19)
    with pytest.raises(InputError, match=r"x\.gz unpacks to more than .* MiB"):
        unpacked(zeros)
