import pickle
from functools import partial

import numpy as np
import pytest
from plain_pickles import read

from keras_fashion.data.sources.dvbpr.pickled_arrays import PickledArray
from keras_fashion.errors import InputError


@pytest.fixture
def load(tmp_path):
    return partial(read, tmp_path)


def plain(value):
    """The value with arrays as lists of their elements."""
    if isinstance(value, PickledArray):
        return plain(value.elements())
    if type(value) in (list, tuple):
        return type(value)(map(plain, value))
    return {key: plain(v) for key, v in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_and_scalars(load, protocol):
    value = [
        np.array([0, 0, 1.5]),
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.array([{"a": np.array([True, False])}, [1, None], "x"], dtype=object),
        (np.float32(0.5), np.int64(-7), np.uint8(200), np.bool_(True)),
        np.array(b"abc"),
        np.array(["é"]),
    ]
    expected = [
        [0, 0, 1.5],
        [0, 1, 2, 3, 4, 5],
        [{"a": [True, False]}, [1, None], "x"],
        (0.5, -7, 200, True),
        [b"abc"],
        ["é"],
    ]
    assert plain(load(pickle.dumps(value, protocol))) == expected


def test_long_arrays_are_not_unpacked(load):
    (value,) = load(pickle.dumps([np.zeros(1000)], 4))
    with pytest.raises(InputError, match="8,000 bytes"):
        value.elements()


def test_text_that_is_damaged_is_refused(load):
    value = pickle.dumps([np.array(["\U0010ffff"])], 2)
    damaged = value.replace(b"\xc3\xbf\xc3\xbf\x10\0", b"\xc3\xbf\xc3\xbf\x7f\0")
    assert damaged != value
    (array,) = load(damaged)
    with pytest.raises(InputError, match="damaged text"):
        array.elements()
