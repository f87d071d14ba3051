"""Reads the pickle in a `.npy` file of DVBPR without running it and without loading its pictures.

The interpreter is that of the standard library, in its Python version (`pickle._Unpickler`),
because only that one can be told to leave a long string in the file. It is changed in four ways:

- It imports nothing. The admitted names are replaced by the table `STAND_INS`; all other names are
  refused, and so is every instruction that plain data do not need.
- A string of more than `LONGEST_READ` bytes becomes a `Span`, its place in the file.
- Of a dict only the wanted keys are kept.
- Of the memo only what the pickle refers to again is kept.

Hence the memory depends on the number of values of the wanted keys, not on the size of the file.
Measured on 300,000 reviews and 15,000 items as Python 2 writes them (287 MB): 112 MB and 20 s of
CPU time. `numpy.load`, which is C and runs whatever the file says, took 563 MB and 3 s. The extra
pass that finds what the pickle refers to again takes half of the time. Without it, the memory was
480 MB.
"""

import gc
import io
import os
import pickle
import pickletools
import struct
import sys
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from tqdm import tqdm

from keras_fashion.data.sources.dvbpr.pickled_arrays import (
    STAND_INS,
    PickledArray,
    PickledDType,
    Span,
)
from keras_fashion.data.sources.source import printable
from keras_fashion.errors import InputError

LONGEST_READ = 512
"""Number of bytes of the longest string that is read at once."""

LONGEST_LINE = 200
"""Number of bytes of the longest name, or integer in decimal notation, that is read."""

MAX_INSTRUCTIONS = 400_000_000
MAX_OBJECTS = 40_000_000
"""Number of instructions that a pickle may have and of objects that may exist at once, several
times what the largest released file needs. Each byte of a pickle can create an object of 64 bytes.
"""

CHECK_INTERVAL = 2**17
"""Number of bytes between two counts of the objects, which take time in proportion to them."""

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


def read_pickle(path: Path, offset: int, keep: Collection[str]) -> Any:
    """Reads the pickle that begins at a position of a file.

    It may hold None, booleans, integers, floats, strings, tuples, lists, dicts, and NumPy arrays
    and scalars, written by Python 2 or 3 with protocol 2 or higher. Scalars become Python numbers,
    arrays become `PickledArray`, and strings of more than `LONGEST_READ` bytes become `Span`. A
    `str` of Python 2 becomes `bytes`. Of a dict only integer keys of less than 64 bits and the keys
    in `keep` are kept; these are text in the result, whether the file has text or bytes.

    The file is passed over twice. A progress bar on stderr shows each pass.

    Args:
        path: The file.
        offset: Position of the first byte of the pickle.
        keep: Text keys to keep.

    Returns:
        The value.

    Raises:
        InputError: If the pickle is damaged, or has anything else in it, which is not run.

    Example:
        >>> import pickle, tempfile
        >>> path = Path(tempfile.mkdtemp()) / "some.pickle"
        >>> _ = path.write_bytes(pickle.dumps({0: {"imgs": bytes(1000), "title": "Boots"}}, 4))
        >>> read_pickle(path, 0, keep=["imgs"])
        {0: {'imgs': Span(offset=30, length=1000, is_text=False)}}
    """
    with _open(path, offset, "pass 1 of 2") as file:
        referenced = _referenced_places(file)
    with _open(path, offset, "pass 2 of 2") as file:
        unpickler = _Unpickler(file, frozenset(keep), referenced)
        try:
            value = unpickler.load()
            if unpickler.stack or unpickler.metastack:
                raise pickle.UnpicklingError("more than one value")
        except InputError:
            raise
        except _RefusedError as error:
            raise InputError(
                f"{path}, byte {file.tell():,}: {printable(str(error))}, which the data do not "
                "need. The file is not what it claims to be; nothing in it was run. Get it from a "
                "source that you trust"
            ) from error
        except _DAMAGED as error:
            raise InputError(
                f"{path} is damaged at byte {file.tell():,}: get it again, and compare its size "
                "with that of the original"
            ) from error
    return value


def _referenced_places(file: io.BufferedReader) -> set[int]:
    """Returns the places of the memo that the pickle reads.

    A pickle puts every list, dict and string into the memo, in case it comes again, and few do.
    An error ends this pass early; it occurs again in the second pass, which reports it.
    """
    referenced: set[int] = set()
    try:
        for number, (opcode, argument, _) in enumerate(pickletools.genops(file)):
            if number == MAX_INSTRUCTIONS:
                raise _too_many(file)
            if opcode.name in ("BINGET", "LONG_BINGET") and isinstance(argument, int):
                referenced.add(argument)
    except InputError:  # which is a ValueError
        raise
    except (ValueError, MemoryError):
        pass
    return referenced


class _RefusedError(Exception):
    """The pickle holds something that the data do not need."""


class _WatchedFile(io.FileIO):
    """A file that shows the progress and limits the number of objects, whenever it is read."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(path)
        if path.stat().st_size > MAX_OBJECTS:  # fewer bytes cannot create as many objects
            gc.collect()  # garbage that is freed during the reading would hide as many objects
        self._max_blocks = sys.getallocatedblocks() + MAX_OBJECTS
        self._progress = tqdm(
            total=path.stat().st_size, desc=f"{path.name}, {what}", unit="B", unit_scale=True
        )

    def readinto(self, buffer: Any) -> int | None:
        num_read = super().readinto(buffer)
        if self.tell() - self._progress.n >= CHECK_INTERVAL:
            self._progress.update(self.tell() - self._progress.n)
            if sys.getallocatedblocks() > self._max_blocks:
                raise _too_many(self)
        return num_read

    def close(self) -> None:
        if not self.closed:
            self._progress.update(self.tell() - self._progress.n)
            self._progress.close()
        super().close()


def _open(path: Path, offset: int, what: str) -> io.BufferedReader:
    try:
        file: io.BufferedReader = io.BufferedReader(_WatchedFile(path, what))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    file.seek(offset)
    return file


def _too_many(file: Any) -> InputError:
    return InputError(f"{file.name} holds more values than fit in memory")


class _Memo(dict[int, Any]):
    """A memo that keeps only the places that are read, but counts all of them."""

    def __init__(self, referenced: set[int]) -> None:
        super().__init__()
        self._referenced = referenced
        self._num_puts = 0

    def __len__(self) -> int:
        return self._num_puts

    def __setitem__(self, place: int, value: Any) -> None:
        self._num_puts += 1
        if place in self._referenced:
            super().__setitem__(place, value)


class _Unpickler(pickle._Unpickler):
    """The unpickler of the standard library with the changes that the module describes."""

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {}
    stack: list[Any]
    metastack: list[list[Any]]
    append: Callable[[Any], None]
    read: Callable[[int], bytes]
    pop_mark: Callable[[], list[Any]]

    def __init__(self, file: io.BufferedReader, keep: frozenset[str], referenced: set[int]) -> None:
        super().__init__(file, encoding="bytes")
        self.memo = _Memo(referenced)
        self._file = file
        self._file_readline = partial(file.readline, LONGEST_LINE)
        self._size = os.fstat(file.fileno()).st_size
        self._keep = keep

    def find_class(self, module: str, name: str) -> Any:
        full_name = f"{module}.{name}"
        if full_name not in STAND_INS:
            raise _RefusedError(f"the name {full_name[:LONGEST_LINE]!r}")
        return STAND_INS[full_name]

    def refuse(self, name: str) -> None:
        raise _RefusedError(f"the pickle instruction {name}")

    def load_frame(self) -> None:
        self.read(8)  # a hint of how much to read at once

    def load_reduce(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        try:
            self.append(function(*arguments))
        except (TypeError, ValueError, AttributeError, SystemError) as error:
            name = getattr(function, "__name__", "no function")
            raise _RefusedError(
                f"a call of {name} with other arguments than NumPy or Python write"
            ) from error

    def load_build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if not isinstance(target, PickledArray | PickledDType):
            raise _RefusedError("an object that is given a state, but is not an array")
        try:
            target.__setstate__(state)
        except (TypeError, ValueError, AttributeError) as error:
            raise _RefusedError(f"a state that NumPy does not write ({error})") from error

    def load_string(self, num_length_bytes: int, is_text: bool) -> None:
        length = int.from_bytes(self.read(num_length_bytes), "little")
        if length <= LONGEST_READ:
            data = self.read(length)
            self.append(data.decode("utf-8", "surrogatepass") if is_text else data)
            return
        offset = self._file.tell()
        if length > self._size - offset:
            raise InputError(
                f"{self._file.name} ends early: at byte {offset:,} {length:,} more are announced, "
                f"but it has {self._size:,} in all. Get it again"
            )
        self._file.seek(length, os.SEEK_CUR)
        self.append(Span(offset, length, is_text))

    def load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._set_item(self.stack[-1], key, value)

    def load_setitems(self) -> None:
        items = self.pop_mark()
        target = self.stack[-1]
        for key, value in zip(items[::2], items[1::2], strict=True):
            self._set_item(target, key, value)

    def _set_item(self, target: Any, key: Any, value: Any) -> None:
        # Keys of other types, and integers of any size, can be chosen to collide in a dict.
        if type(key) is bytes:
            key = key.decode("latin1")
        if (type(key) is int and key.bit_length() < 64) or (type(key) is str and key in self._keep):
            target[key] = value


_UNCHANGED = (
    *(pickle.PROTO, pickle.STOP, pickle.GLOBAL, pickle.STACK_GLOBAL),
    *(pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE),
    *(pickle.INT, pickle.BININT, pickle.BININT1, pickle.BININT2, pickle.LONG1, pickle.BINFLOAT),
    *(pickle.EMPTY_LIST, pickle.APPEND, pickle.APPENDS, pickle.EMPTY_DICT, pickle.MARK),
    *(pickle.EMPTY_TUPLE, pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3),
    *(pickle.BINGET, pickle.LONG_BINGET, pickle.BINPUT, pickle.LONG_BINPUT, pickle.MEMOIZE),
)
_STRINGS = {  # number of bytes of the length, and whether it is text
    pickle.SHORT_BINSTRING: (1, False),
    pickle.BINSTRING: (4, False),
    pickle.SHORT_BINBYTES: (1, False),
    pickle.BINBYTES: (4, False),
    pickle.BINBYTES8: (8, False),
    pickle.BYTEARRAY8: (8, False),
    pickle.SHORT_BINUNICODE: (1, True),
    pickle.BINUNICODE: (4, True),
    pickle.BINUNICODE8: (8, True),
}
_Unpickler.dispatch |= {
    ord(opcode.code): partial(_Unpickler.refuse, name=opcode.name) for opcode in pickletools.opcodes
}
_Unpickler.dispatch |= {code[0]: pickle._Unpickler.dispatch[code[0]] for code in _UNCHANGED}
_Unpickler.dispatch |= {
    code[0]: partial(_Unpickler.load_string, num_length_bytes=size, is_text=is_text)
    for code, (size, is_text) in _STRINGS.items()
}
_Unpickler.dispatch |= {
    pickle.FRAME[0]: _Unpickler.load_frame,
    pickle.REDUCE[0]: _Unpickler.load_reduce,
    pickle.BUILD[0]: _Unpickler.load_build,
    pickle.SETITEM[0]: _Unpickler.load_setitem,
    pickle.SETITEMS[0]: _Unpickler.load_setitems,
}
