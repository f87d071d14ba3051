"""What the tests of `read_pickle` share."""

import pickle

import numpy as np
from hypothesis import strategies as st

from keras_fashion.data.sources.dvbpr.safe_pickle import read_pickle
from keras_fashion.errors import InputError

KEEP = ("a", "b")
LONG = bytes(range(256)) * 4


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.binary(max_size=300)
    | st.text(max_size=100),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.integers(-(2**63) + 1, 2**63 - 1) | st.sampled_from(KEEP), inner)
    ),
)


def read(folder, data, keep=KEEP):
    """Reads a pickle out of a file in which something stands before it."""
    path = folder / "some.npy"
    path.write_bytes(b"before" + data)
    return read_pickle(path, len(b"before"), keep)


def refused_of_damaged(folder, count):
    """Returns how many of the damaged files are refused; the others must be read."""
    rng = np.random.default_rng(0)
    whole = np.frombuffer(pickle.dumps([np.zeros(3), {"a": LONG, "b": [1.5, "x"]}], 2), np.uint8)
    refused = 0
    for _ in range(count):
        broken = whole.copy()
        broken[rng.integers(0, len(whole), 4)] = rng.integers(0, 256, 4)
        try:
            read(folder, broken.tobytes())
        except InputError:
            refused += 1
    return refused
