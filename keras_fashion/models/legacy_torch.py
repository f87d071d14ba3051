"""Reads the tensors of a file of `torch.save` from before PyTorch 1.6, without PyTorch.

Such a file is four short values and a list of keys, each a pickle, and after them the numbers of
each key. A pickle can name any function to be called, so the interpreter of the standard library,
in its Python version (`pickle._Unpickler`), is changed in three ways:

- It imports nothing. The names that tensors need are replaced by the table `STAND_INS`, and all
  other names are refused.
- It has only the instructions that tensors need. It gives no object a state, and all keys are text:
  the hash of a deeply nested tuple overflows the stack.
- It reads no more than the first `MAX_PICKLED` bytes, whatever lengths the file claims.

The tensors are views of the bytes of the file, hence no claim in the file allocates memory.
"""

import io
import pickle
import struct
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from keras_fashion.errors import InputError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
"""The first two values of every such file."""

MAX_PICKLED = 2**18
"""Number of bytes at the beginning of the file that the pickles may take, five times what a
network of 50 convolutions takes."""

_DAMAGED = (
    pickle.UnpicklingError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    struct.error,
)
"""What the interpreter and NumPy raise for a damaged file."""


def legacy_torch_tensors(data: bytes) -> dict[str, np.ndarray]:
    """Returns the tensors of a dict of the state of a module, such as `torch.save` wrote it.

    Args:
        data: The bytes of the file.

    Returns:
        The tensors by name. They are views of `data`, which cannot be written to.

    Raises:
        InputError: If the file is damaged or is of another format, or if it holds anything but
            tensors, which is not run.

    Example:
        >>> legacy_torch_tensors(b"GIF89a")
        Traceback (most recent call last):
        ...
        keras_fashion.errors.InputError: it is damaged, or not a file of torch.save from before ...
    """
    file = io.BytesIO(data[:MAX_PICKLED])
    try:
        if (_load(file), _load(file)) != (MAGIC, PROTOCOL):
            raise ValueError("the file begins otherwise")
        if _load(file)["little_endian"] is not True:
            raise InputError("its numbers are big-endian, which is not supported")
        tensors, keys = _load(file), _load(file)
        if any(type(key) is not str for key in keys):
            raise ValueError("a key of a storage is not text")
        storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
        numbers = _numbers(data, file.tell(), [storages[key] for key in keys])
        return {name: _view(tensor, numbers) for name, tensor in tensors.items()}
    except InputError:  # which is a ValueError
        raise
    except _DAMAGED as error:
        raise InputError(
            "it is damaged, or not a file of torch.save from before PyTorch 1.6"
        ) from error


class _Storage(NamedTuple):
    """Numbers in the file: their type, the key in the list of keys, and how many they are."""

    dtype: np.dtype[Any]
    key: str
    size: int


class _Tensor(NamedTuple):
    """A tensor as a view of a storage; the strides and the offset are in elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild_tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> _Tensor:
    if not isinstance(storage, _Storage):
        raise ValueError("a tensor is a view of a storage")
    return _Tensor(storage, offset, shape, strides)


def _ordered_dict() -> dict[Any, Any]:
    return {}


STAND_INS: dict[str, Any] = {
    "collections.OrderedDict": _ordered_dict,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor,
    "torch.FloatStorage": np.dtype("<f4"),
    "torch.LongStorage": np.dtype("<i8"),
}
"""Maps each full name that the file may have in it to what is used instead."""


class _Unpickler(pickle._Unpickler):
    """The unpickler of the standard library with the changes that the module describes."""

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {}
    stack: list[Any]
    pop_mark: Callable[[], list[Any]]

    def find_class(self, module: str, name: str) -> Any:
        full_name = f"{module}.{name}"
        if full_name not in STAND_INS:
            raise InputError(
                f"it has the name {full_name[:100]!r}, which tensors do not need; nothing in it "
                "was run"
            )
        return STAND_INS[full_name]

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _, count, view = pid
        if kind != "storage" or not isinstance(dtype, np.dtype) or view is not None:
            raise ValueError("only whole storages are supported")
        if type(key) is not str or type(count) is not int or count < 0:
            raise ValueError("a storage has a key and a count")
        return _Storage(dtype, key, count)

    def load_build(self) -> None:
        self.stack.pop()  # the versions of the layers

    def load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._set_item(key, value)

    def load_setitems(self) -> None:
        items = self.pop_mark()
        for key, value in zip(items[::2], items[1::2], strict=True):
            self._set_item(key, value)

    def _set_item(self, key: Any, value: Any) -> None:
        if type(key) is not str:
            raise ValueError("the key of a dict is not text")
        self.stack[-1][key] = value


# What is missing here, such as the instructions that make instances, is a LookupError.
_Unpickler.dispatch |= {
    code[0]: pickle._Unpickler.dispatch[code[0]]
    for code in (
        *(pickle.PROTO, pickle.STOP, pickle.GLOBAL, pickle.REDUCE, pickle.BINPERSID),
        *(pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE, pickle.BINUNICODE),
        *(pickle.BININT, pickle.BININT1, pickle.BININT2, pickle.LONG1),
        *(pickle.EMPTY_LIST, pickle.APPEND, pickle.APPENDS, pickle.MARK),
        *(pickle.EMPTY_DICT, pickle.EMPTY_TUPLE),
        *(pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3),
        *(pickle.BINGET, pickle.LONG_BINGET, pickle.BINPUT, pickle.LONG_BINPUT),
    )
}
_Unpickler.dispatch |= {
    pickle.BUILD[0]: _Unpickler.load_build,
    pickle.SETITEM[0]: _Unpickler.load_setitem,
    pickle.SETITEMS[0]: _Unpickler.load_setitems,
}


def _load(file: io.BytesIO) -> Any:
    return _Unpickler(file).load()


def _numbers(data: bytes, start: int, storages: list[_Storage]) -> dict[str, memoryview]:
    """Returns the bytes of each storage; the storages follow each other, each after its count."""
    found = {}
    for storage in storages:
        (count,) = struct.unpack_from("<q", data, start)
        stop = start + 8 + count * storage.dtype.itemsize
        if count != storage.size or stop > len(data):
            raise ValueError("the file has fewer numbers than it says")
        found[storage.key] = memoryview(data)[start + 8 : stop]
        start = stop
    return found


def _view(tensor: _Tensor, numbers: dict[str, memoryview]) -> np.ndarray:
    dtype = tensor.storage.dtype
    return np.ndarray(  # which refuses what is not within the buffer
        tensor.shape,
        dtype,
        numbers[tensor.storage.key],
        tensor.offset * dtype.itemsize,
        tuple(stride * dtype.itemsize for stride in tensor.strides),
    )
