import os
import pickle
import pickletools
import resource
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_pickles import KEEP, LONG, VALUES, read, refused_of_damaged

from keras_fashion.data.sources.dvbpr import safe_pickle
from keras_fashion.data.sources.dvbpr.pickled_arrays import Span
from keras_fashion.data.sources.dvbpr.safe_pickle import read_pickle
from keras_fashion.errors import InputError


@pytest.fixture
def load(tmp_path):
    """Reads a pickle out of a file in which something stands before it."""
    return partial(read, tmp_path)


# More of them: tests/long.
@settings(max_examples=50, deadline=None)
@given(VALUES, st.integers(2, 5))
def test_plain_values_are_what_pythons_unpickler_makes_of_them(tmp_path_factory, value, protocol):
    path = tmp_path_factory.mktemp("pickle") / "some"
    path.write_bytes(pickle.dumps(value, protocol))
    assert read_pickle(path, 0, KEEP) == value


def test_the_numbers_of_python_2(load):
    # What Python 2.7 writes for [2**40, -1L, 'ab'] at protocol 2.
    assert load(b"\x80\x02]q\x01(I1099511627776\n\x8a\x01\xffU\x02abe.") == [2**40, -1, b"ab"]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("value", [LONG, LONG.decode("latin1")])
def test_a_long_string_stays_in_the_file(load, tmp_path, protocol, value):
    (span,) = load(pickle.dumps([value], protocol))
    assert isinstance(span, Span)
    data = (tmp_path / "some.npy").read_bytes()[span.offset :][: span.length]
    assert (data.decode("utf-8").encode("latin1") if span.is_text else data) == LONG


def test_only_wanted_keys_are_kept(load):
    value = {"a": 1, b"b": 2, "c": 3, 7: 4, None: 5, 1.5: 6, (1, 2): 7, 2**70: 8, LONG: 9, True: 10}
    assert load(pickle.dumps(value)) == {"a": 1, "b": 2, 7: 4}


def test_a_file_cut_short_anywhere_is_refused(load):
    # at every byte but for most of the long string's: tests/long
    whole = pickle.dumps([np.zeros(3), {"a": LONG, "b": [1.5, "x", 2**80]}], 4)
    assert load(whole)
    start = whole.index(LONG)
    inside = range(start + 1, start + len(LONG))
    for end in set(range(len(whole))) - set(inside) | set(inside[::50]):
        with pytest.raises(InputError, match=r"some\.npy"):
            load(whole[:end])


def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path):
    # more of them: tests/long
    assert refused_of_damaged(tmp_path, 300) > 60


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def hostile(canary):
    """Pickles that run something under Python's unpickler, most of them by touching the canary."""
    touch = f"touch {canary}".encode()
    command = b"U" + bytes([len(touch)]) + touch
    proxy = Call(getattr, Call(__import__, "os"), "system")
    yield "system'", pickle.dumps(Call(os.system, touch.decode()), 2)
    yield "system'", pickle.dumps(Call(os.system, touch.decode()), 4)  # STACK_GLOBAL
    yield "exec'", pickle.dumps(Call(exec, f"open({str(canary)!r}, 'w')"), 2)
    yield "getattr'", pickle.dumps(proxy, 4)
    yield "subprocess.Popen'", pickle.dumps(Call(subprocess.Popen, ["touch", str(canary)]), 4)
    yield "INST", b"\x80\x02(" + command + b"ios\nsystem\n."
    yield "os.system", b"\x80\x02(cos\nsystem\n" + command + b"o."
    yield "subprocess.Popen", b"\x80\x02csubprocess\nPopen\n](" + command + b"e\x85\x81."
    yield "subprocess.Popen", b"\x80\x04csubprocess\nPopen\n](" + command + b"e\x85}\x92."
    yield "NEWOBJ", b"\x80\x02cnumpy\nndarray\n\x85\x81."
    for opcode, argument in (("EXT1", b"\x01"), ("EXT2", b"\x01\0"), ("EXT4", b"\x01\0\0\0")):
        yield opcode, pickletools_code(opcode) + argument + b")R."
    yield "PERSID", b"P" + touch + b"\n."
    yield "BINPERSID", b"\x80\x02" + command + b"Q."
    # Attribute look-ups through dotted names, which protocol 4 allows.
    yield (
        "_reconstruct.__globals__",
        b"\x80\x04\x8c\x15numpy.core.multiarray" + (b"\x8c\x18_reconstruct.__globals__\x93."),
    )
    yield "numpy.load", b"\x80\x02cnumpy\nload\n" + command + b"\x85R."
    yield "numpy.fromfile", b"\x80\x02cnumpy\nfromfile\n" + command + b"\x85R."
    yield "numpy.core.multiarray.fromstring", b"\x80\x02cnumpy.core.multiarray\nfromstring\n)R."
    yield "numpy.testing", b"\x80\x02cnumpy.testing._private.utils\nrunstring\n)R."
    # Admitted names in other roles.
    yield (
        "a call of PickledArray",
        b"\x80\x02cnumpy\nndarray\n(J\xff\xff\xff\x7fJ\xff\xff\xff\x7ft\x85R.",
    )
    yield (
        "a call of _reconstruct",
        (b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nc__builtin__\nlist\nK\0\x85U\x01b\x87R."),
    )
    yield (
        "a call of _reconstruct",
        (
            b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
            b"J\xff\xff\xff\x7f\x85U\x01b\x87R."
        ),
    )
    yield "a call of _encode", b"\x80\x02c_codecs\nencode\n" + command + b"U\x05bz2_c\x86R."
    yield "a call of PickledDType", b"\x80\x02cnumpy\ndtype\nU\x09V99999999K\0K\x01\x87R."
    yield "a call of _defaultdict", b"\x80\x02ccollections\ndefaultdict\ncnumpy\ndtype\n\x85R."
    yield "a call of no function", b"\x80\x02c__builtin__\nlist\nJ\xff\xff\xff\x7f\x85R."
    yield "a call of no function", b"\x80\x02" + command + b")R."
    # State set on what is no array: BUILD calls __setstate__ or updates __dict__.
    yield "state", b"\x80\x02cnumpy\nndarray\n}U\x03fooK\x01sb."
    yield "state", b"\x80\x02]}U\x0c__setstate__K\x01sb."


def pickletools_code(name):
    (code,) = [op.code for op in pickletools.opcodes if op.name == name]
    return code.encode("latin1")


def test_nothing_is_run(load, tmp_path):
    canary = tmp_path / "canary"
    for what, data in hostile(canary):
        with pytest.raises(InputError) as refusal:
            load(data)
        message = str(refusal.value)
        assert what in message and "nothing in it was run" in message, (what, message)
        assert "some.npy" in message
        assert not canary.exists(), what


def test_the_canaries_would_have_died(tmp_path):
    # The hostile pickles are real: Python's own unpickler runs them.
    canaries = [tmp_path / str(number) for number in range(9)]
    for number, canary in enumerate(canaries):
        _, data = list(hostile(canary))[number]
        subprocess.run(
            [sys.executable, "-c", "import pickle, sys; pickle.load(sys.stdin.buffer)"],
            input=data,
            stderr=subprocess.DEVNULL,
        )
    end = time.monotonic() + 5  # one of them does not wait for its command
    while sum(canary.exists() for canary in canaries) < 6 and time.monotonic() < end:
        time.sleep(0.05)
    assert sum(canary.exists() for canary in canaries) == 6


def array(shape, dtype, data):
    """A pickle of an array that says of itself what it likes."""
    return (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R(K\x01"
        + pickle.dumps(shape, 2)[2:-1]
        + b"cnumpy\ndtype\nU\x02"
        + dtype
        + b"K\0K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89"
        + data
        + b"tb."
    )


BOMBS = {
    "a shape of 4 EB": array((2**62,), b"f8", b"U\x08" + bytes(8)),
    "a shape of many huge numbers": array((2**2000,) * 30, b"f8", b"U\x08" + bytes(8)),
    "more dimensions than there are": array((1,) * 40, b"f8", b"U\x08" + bytes(8)),
    "a negative shape": array((-1, -1), b"f8", b"U\x08" + bytes(8)),
    "a shape of objects": array((2**40,), b"O8", b"]"),
    "a string of 2 GB that is not there": b"\x80\x02T\xff\xff\xff\x7f.",
    "a string of a negative length": b"\x80\x02T\xff\xff\xff\xff.",
    "a string of 16 EB": b"\x80\x04\x8e" + b"\xff" * 8 + b".",
    "a number of 2 GB": b"\x80\x02\x8b\xff\xff\xff\x7f.",
    "a number of 10 million digits": b"\x80\x02I" + b"9" * 10_000_000 + b"\n.",
    "a name of 10 million letters": b"\x80\x02c" + b"x" * 10_000_000 + b"\nx\n.",
    "a stack that is not there": b"\x80\x02\x87.",
    "a mark that is not there": b"\x80\x02t.",
    "a memo that is not there": b"\x80\x02j\xff\xff\xff\xff.",
}


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MB on Linux


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_refused_at_once(load, bomb):
    before, start = peak(), time.thread_time()
    with pytest.raises(InputError):
        load(BOMBS[bomb])
    assert time.thread_time() - start < 2
    assert peak() - before < 100


def test_a_memo_of_any_place_takes_no_room(load):
    before = peak()
    assert load(b"\x80\x02]r\xff\xff\xff\xffj\xff\xff\xff\xff\x86.") == ([], [])
    assert peak() - before < 20


def test_a_billion_laughs_are_one_list(load):
    # Each level names the one below ten times: 10**40 leaves in 40 lists.
    laughs = b"\x80\x02(]q\0" + b"".join(
        b"]q%c(" % n + b"h%c" % (n - 1) * 10 + b"e" for n in range(1, 41)
    )
    before, start = peak(), time.thread_time()
    value = load(laughs + b"t.")
    assert [len(level) for level in value] == [0] + [10] * 40
    assert time.thread_time() - start < 1 and peak() - before < 20


@pytest.mark.parametrize("limit", ["MAX_OBJECTS", "MAX_INSTRUCTIONS"])
@pytest.mark.parametrize("opening", [b"]", b"(", b"}", b"N\x85"])
def test_what_grows_without_end_is_refused(load, monkeypatch, opening, limit):
    monkeypatch.setattr(safe_pickle, limit, 50_000)
    with pytest.raises(InputError, match=r"some\.npy holds more values than fit"):
        load(b"\x80\x02" + opening * 500_000)


def test_deep_nesting_does_not_exhaust_the_stack(load):
    value = load(b"\x80\x02N" + b"\x85" * 50_000 + b".")
    depth = 0
    while value is not None:
        (value,) = value
        depth += 1
    assert depth == 50_000
