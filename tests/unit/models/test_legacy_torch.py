"""Files are written by Python's own pickle and by hand; PyTorch is not needed."""

import io
import pickle
import pickletools
import struct
import sys
from collections import OrderedDict
from types import ModuleType

import numpy as np
import pytest

from keras_fashion.errors import InputError
from keras_fashion.models.legacy_torch import MAX_PICKLED, legacy_torch_tensors

MAGIC = 119547037146038801333356  # of torch.serialization
SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2}}


class Storage:
    """Numbers and the class that PyTorch has for them."""

    def __init__(self, kind, key, numbers):
        self.kind, self.key, self.numbers = kind, key, numbers


class Tensor:
    """A view of a storage; pickled as PyTorch does."""

    def __init__(self, storage, offset, shape, strides):
        self.view = (storage, offset, shape, strides)

    def __reduce__(self):
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        return rebuild, (*self.view, False, OrderedDict())


class TorchPickler(pickle.Pickler):
    def persistent_id(self, obj):
        if not isinstance(obj, Storage):
            return None
        kind = getattr(sys.modules["torch"], obj.kind)
        return ("storage", kind, obj.key, "cpu", len(obj.numbers), None)


@pytest.fixture(autouse=True)
def torch(monkeypatch):
    """Modules with the names that the pickles have in them."""
    torch, utils = ModuleType("torch"), ModuleType("torch._utils")
    for name in ("FloatStorage", "LongStorage", "HalfStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2():
        raise AssertionError("was called")

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = (
        "torch._utils",
        "_rebuild_tensor_v2",
    )
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def dumped(value):
    file = io.BytesIO()
    TorchPickler(file, protocol=2).dump(value)
    return file.getvalue()


def written(state, storages, magic=MAGIC, system=SYSTEM):
    """The bytes of a file, from the state of a module, with the versions of its layers."""
    state = OrderedDict(state)
    state._metadata = OrderedDict({"": {"version": 1}})
    parts = [magic, 1001, system, state, [storage.key for storage in storages]]
    numbers = [struct.pack("<q", len(s.numbers)) + s.numbers.tobytes() for s in storages]
    return b"".join([*map(dumped, parts), *numbers])


@pytest.fixture
def storages():
    floats = np.random.default_rng(0).normal(size=24).astype("<f4")
    return [
        Storage("FloatStorage", "140", floats),
        Storage("LongStorage", "99", np.array([7], "<i8")),
    ]


def test_tensors_have_their_shapes_and_strides(storages):
    """Against NumPy's own transposition and slices."""
    floats, count = storages
    data = written(
        {
            "layer.weight": Tensor(floats, 0, (4, 3, 2), (1, 8, 4)),
            "layer.bias": Tensor(floats, 20, (4,), (1,)),
            "layer.count": Tensor(count, 0, (), ()),
        },
        storages,
    )
    assert {"BUILD", "BINPERSID", "REDUCE"} <= {
        opcode.name
        for start in [data.index(b"\x80\x02ccollections")]
        for opcode, _, _ in pickletools.genops(data[start:])
    }
    found = legacy_torch_tensors(data)
    assert list(found) == ["layer.weight", "layer.bias", "layer.count"]
    expected = floats.numbers.reshape(3, 2, 4).transpose(2, 0, 1)
    np.testing.assert_array_equal(found["layer.weight"], expected)
    np.testing.assert_array_equal(found["layer.bias"], floats.numbers[20:])
    assert found["layer.count"].dtype == np.int64 and found["layer.count"] == 7


class Hostile:
    """Runs a command if it is unpickled."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def test_nothing_is_run(storages, tmp_path):
    trace = tmp_path / "trace"
    for hostile in (Hostile(open, str(trace), "w"), Hostile(exec, f"open({str(trace)!r}, 'w')")):
        pickle.loads(dumped(hostile))
        assert trace.exists()  # it does what it threatens
        trace.unlink()
        for data in (
            written({"weight": hostile}, storages),
            written({}, storages, magic=hostile),
            written({}, storages, system=hostile),
            dumped(hostile),
        ):
            with pytest.raises(InputError, match=r"has the name '(io.open|__builtin__.exec)'"):
                legacy_torch_tensors(data)
        assert not trace.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"\x80\x02" + b")" + b"\x85" * 100_000 + b"}" + b"\x00",  # an unknown instruction
        b"\x80\x02}(" + b")" + b"\x85" * 100_000 + b"K\x01u.",  # a key that is nested deeply
        b"\x80\x02](" + b")" + b"\x85" * 100_000 + b"e.",
        b"\x80\x02}cos\n.",  # a name without its end
        b"\x80\x02X\xff\xff\xff\x7f",  # a text of two gigabytes
        b"\x80\x02r\xff\xff\xff\x7f",  # a place of the memo far away
        b"\x80\x02ccollections\nOrderedDict\nK\x01\x85R.",
        b"\x80\x02ctorch\nFloatStorage\n)R.",
        b"\x80\x02ctorch\nFloatStorage\n}X\x01\x00\x00\x00aK\x01sb.",
        b"\x80\x02(i__builtin__\nopen\n.",
        b"\x80\x02c__builtin__\nobject\n)\x81.",
        b"\x80\x02K\x01Q.",
        b"\x80\x02](K\x01e.",  # a key that is not text
        b"\x80\x02K\x01.",
        b".",
        b"",
    ],
)
def test_hostile_bytes_are_refused(body, storages):
    head = b"".join(map(dumped, (MAGIC, 1001, SYSTEM)))
    for data in (body, head + body, head + dumped({}) + body):
        with pytest.raises(InputError):
            legacy_torch_tensors(data)


@pytest.mark.parametrize(
    "view",
    [
        (1, (24,), (1,)),
        (0, (25,), (1,)),
        (0, (2, 12), (13, 1)),
        (-1, (4,), (1,)),
        (0, (4,), (-1,)),
        (0, (2**62, 4), (1, 1)),
        (0, (4, 2), (1,)),
        (0, "shape", (1,)),
        (0.5, (4,), (1,)),
    ],
)
def test_a_tensor_beyond_its_storage_is_refused(view, storages):
    with pytest.raises(InputError, match="damaged"):
        legacy_torch_tensors(written({"weight": Tensor(storages[0], *view)}, storages[:1]))


def test_damaged_and_other_files_are_refused(storages):
    good = written({"weight": Tensor(storages[0], 0, (24,), (1,))}, storages[:1])
    legacy_torch_tensors(good)
    for end in (0, 1, 20, len(good) - 100, len(good) - 1):
        with pytest.raises(InputError, match="damaged.*PyTorch 1.6"):
            legacy_torch_tensors(good[:end])
    half = Storage("HalfStorage", "1", np.zeros(3, "<f2"))
    tensor = Tensor(storages[0], 0, (24,), (1,))
    long = {f"{number:0900}": tensor for number in range(MAX_PICKLED // 900)}
    for other, match in [
        (written({}, [], magic=1), "damaged"),
        (written({}, [], system={"little_endian": False}), "big-endian"),
        (written({"weight": Tensor(half, 0, (3,), (1,))}, [half]), "torch.HalfStorage"),
        (written({"weight": tensor}, []), "damaged"),
        (written(long, storages[:1]), "damaged"),
        (b"PK\x03\x04" + bytes(100), "damaged"),
    ]:
        with pytest.raises(InputError, match=match):
            legacy_torch_tensors(other)


def test_a_storage_as_long_as_it_claims_only(storages):
    """The count before the numbers is not that of the pickle."""
    good = written({"weight": Tensor(storages[0], 0, (24,), (1,))}, storages[:1])
    for count in (23, 25, 2**40, -1):
        changed = good.replace(struct.pack("<q", 24), struct.pack("<q", count))
        with pytest.raises(InputError, match="damaged"):
            legacy_torch_tensors(changed)
