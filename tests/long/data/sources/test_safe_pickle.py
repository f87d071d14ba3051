"""More of what the unit tests draw."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_pickles import KEEP, LONG, VALUES, read, refused_of_damaged

from keras_fashion.data.sources.dvbpr import safe_pickle
from keras_fashion.data.sources.dvbpr.safe_pickle import read_pickle
from keras_fashion.errors import InputError


@settings(max_examples=1000, deadline=None)
@given(VALUES, st.integers(2, 5))
def test_plain_values_are_what_pythons_unpickler_makes_of_them(tmp_path_factory, value, protocol):
    path = tmp_path_factory.mktemp("pickle") / "some"
    path.write_bytes(pickle.dumps(value, protocol))
    assert read_pickle(path, 0, KEEP) == value


def test_a_file_cut_short_anywhere_is_refused(tmp_path):
    whole = pickle.dumps([np.zeros(3), {"a": LONG, "b": [1.5, "x", 2**80]}], 4)
    assert read(tmp_path, whole)
    for end in range(len(whole)):
        with pytest.raises(InputError, match=r"some\.npy"):
            read(tmp_path, whole[:end])


def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path):
    assert refused_of_damaged(tmp_path, 1500) > 300


@pytest.mark.parametrize(
    ("limits", "times"),
    [({"MAX_OBJECTS": 500_000}, 1_000_000), ({"MAX_INSTRUCTIONS": 2_000_000}, 5_000_000)],
)
@pytest.mark.parametrize("opening", [b"]", b"(", b"}", b"N\x85"])
def test_what_grows_without_end_is_refused(tmp_path, monkeypatch, opening, limits, times):
    for name, limit in limits.items():
        monkeypatch.setattr(safe_pickle, name, limit)
    # A file that is read to its end is reported as damaged instead.
    with pytest.raises(InputError, match="more values than fit"):
        read(tmp_path, b"\x80\x02" + opening * times)


def test_garbage_of_the_process_does_not_hide_what_grows_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(safe_pickle, "MAX_OBJECTS", 500_000)
    garbage = []
    for _ in range(1_000_000):
        garbage.append([garbage])
    del garbage  # each list refers to the one that holds it, so that only the collector frees them
    with pytest.raises(InputError, match="more values than fit"):
        read(tmp_path, b"\x80\x02" + b"]" * 1_000_000)


def test_deep_nesting_does_not_exhaust_the_stack(tmp_path):
    value = read(tmp_path, b"\x80\x02N" + b"\x85" * 300_000 + b".")
    depth = 0
    while value is not None:
        (value,) = value
        depth += 1
    assert depth == 300_000
