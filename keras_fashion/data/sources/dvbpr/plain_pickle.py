"""Pickles of plain values, read without running anything and without reading long strings.

Python's own unpickler runs whatever a pickle says. This one knows only the instructions of
protocols 2 to 5 that plain data need, and looks nothing up: the few names that a pickle of NumPy
arrays has in it are compared with a list, and what they stand for is written out below. There is
no instruction here that imports, calls or sets anything named by the file.
"""

import math
import os
import pickle
import pickletools
import re
import struct
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from enum import Enum, auto
from functools import partial
from typing import Any, BinaryIO, NamedTuple, NoReturn

import numpy as np
from tqdm import tqdm

from keras_fashion.data.sources.source import printable
from keras_fashion.errors import InputError

LONGEST_READ = 512
"""Bytes. A longer string stays in the file and becomes a `Span`."""

MOST_INSTRUCTIONS = 400_000_000
MOST_OBJECTS = 40_000_000
"""Bounds on what a file can make this process do, several times what the largest honest one needs:
a pickle makes an object of 64 bytes out of each byte. Checked at each report of progress."""

INSTRUCTIONS_BETWEEN_REPORTS = 100_000


class Span(NamedTuple):
    """Where in the file a long string lies.

    Attributes:
        offset: Of its first byte, from the beginning of the file.
        length: In bytes.
        is_text: Whether it is UTF-8 text. Bytes that passed through a text of Latin-1, as Python 3
            reads and saves those of Python 2, are also such a text.
    """

    offset: int
    length: int
    is_text: bool


class Array:
    """A NumPy array of any shape, as the elements that the pickle has.

    The elements are not unpacked before they are asked for: a small file may name the same
    elements a million times.
    """

    __slots__ = ("_data", "_dtype")

    def __init__(self) -> None:
        self._dtype: _DType | None = None
        self._data: list | bytes | Span = []

    def elements(self) -> list:
        """The elements in one row, as Python's own numbers, strings or whatever they are.

        Raises:
            InputError: If they are numbers that take more than `LONGEST_READ` bytes.
        """
        if isinstance(self._data, list):
            return self._data
        if isinstance(self._data, Span):
            raise InputError(
                f"it has numbers of {self._data.length:,} bytes where the layout has few"
            )
        return np.frombuffer(self._data, self._dtype.of_numpy()).tolist()

    def fill(self, shape: tuple, dtype: "_DType", data: Any) -> bool:
        """Gives the array its elements, once; False if they do not fit its shape or type.

        Nothing is made in the size that the shape claims.
        """
        if self._dtype is not None or len(shape) > 32 or not all(type(n) is int for n in shape):
            return False
        count = math.prod(shape)
        if min(shape, default=0) < 0:
            return False
        if dtype.code.startswith("O"):
            fits = type(data) is list and len(data) == count
        elif type(data) is Span:
            fits = data.is_text or data.length == count * dtype.of_numpy().itemsize
        else:
            fits = type(data) is bytes and len(data) == count * dtype.of_numpy().itemsize
        if fits:
            self._dtype, self._data = dtype, data
        return fits


class _DType:
    """The type of an array's elements; its byte order comes after it has been made."""

    __slots__ = ("code", "order")

    def __init__(self, code: str) -> None:
        self.code = code
        self.order: str | None = None

    def of_numpy(self) -> np.dtype:
        return np.dtype((self.order or "|") + self.code)


class _Name(Enum):
    """What the admitted names stand for; none of them is ever looked up."""

    RECONSTRUCT = auto()
    NDARRAY = auto()
    DTYPE = auto()
    SCALAR = auto()
    FROM_BUFFER = auto()
    ENCODE = auto()
    BYTES = auto()
    DEFAULT_DICT = auto()
    EMPTY = auto()


_NAMES = {
    "numpy ndarray": _Name.NDARRAY,
    "numpy dtype": _Name.DTYPE,
    "_codecs encode": _Name.ENCODE,  # how Python 3 writes bytes for Python 2
    "__builtin__ bytes": _Name.BYTES,  # and how it writes b""
    "builtins bytes": _Name.BYTES,
    "collections defaultdict": _Name.DEFAULT_DICT,
}
for _core in ("numpy.core", "numpy._core"):
    _NAMES[f"{_core}.multiarray _reconstruct"] = _Name.RECONSTRUCT
    _NAMES[f"{_core}.multiarray scalar"] = _Name.SCALAR
    _NAMES[f"{_core}.numeric _frombuffer"] = _Name.FROM_BUFFER
for _type in ("list", "dict", "int"):  # what a defaultdict starts from; it is dropped
    _NAMES[f"__builtin__ {_type}"] = _NAMES[f"builtins {_type}"] = _Name.EMPTY

_CODES = re.compile(r"b1|[iu][1248]|f[248]|[SU][0-9]{1,3}|O[48]?")

_NUMBERS = {
    pickle.BININT: "<i",
    pickle.BININT1: "<B",
    pickle.BININT2: "<H",
    pickle.BINFLOAT: ">d",
}
_STRINGS = {  # the format of their length, and whether they are text
    pickle.SHORT_BINSTRING: ("<B", False),
    pickle.BINSTRING: ("<i", False),
    pickle.SHORT_BINBYTES: ("<B", False),
    pickle.BINBYTES: ("<I", False),
    pickle.BINBYTES8: ("<Q", False),
    pickle.BYTEARRAY8: ("<Q", False),
    pickle.SHORT_BINUNICODE: ("<B", True),
    pickle.BINUNICODE: ("<I", True),
    pickle.BINUNICODE8: ("<Q", True),
}
_PUTS = {pickle.BINPUT: "<B", pickle.LONG_BINPUT: "<I"}
_GETS = {pickle.BINGET: "<B", pickle.LONG_BINGET: "<I"}
_LONGS = {pickle.LONG1: "<B", pickle.LONG4: "<i"}
_LINES = {pickle.INT: 1, pickle.GLOBAL: 2}
_HINTS = {pickle.PROTO: 1, pickle.FRAME: 8}  # bytes
_CONSTANTS = {pickle.NONE: None, pickle.NEWTRUE: True, pickle.NEWFALSE: False}
_TUPLES = {pickle.EMPTY_TUPLE: 0, pickle.TUPLE1: 1, pickle.TUPLE2: 2, pickle.TUPLE3: 3}


def read_plain_pickle(file: BinaryIO, keep: Collection[str]) -> Any:
    """Reads the pickle at the file's position.

    It may hold None, truth values, whole numbers, floats, strings, tuples, lists, dicts, and
    NumPy's arrays and scalars, written by Python 2 or 3 at protocol 2 or higher. Scalars become
    Python's own numbers, arrays `Array`, strings of more than `LONGEST_READ` bytes `Span`. A str
    of Python 2 becomes bytes.

    Of a dict only the whole-number keys and those in `keep` are kept; a key is text, whichever
    way it was written. So the time depends on the number of values in the pickle, and the memory
    on the number of values of those keys, not on the size of the file. Progress goes to stderr.
    Measured on a million reviews and 50,000 items by Python 2: 28 s of CPU time and a peak of 680
    MB, of which 100 are the imports, for a file of 1.6 GB as for one of 0.7 GB; `numpy.load`, which
    is C and runs whatever the file says, took 16 s and 2.4 GB for the first.

    Args:
        file: Opened for reading bytes, with a name.
        keep: Keys.

    Raises:
        InputError: If the pickle is damaged, or has anything else in it, which is not run.
    """
    return _PlainPickle(file, keep).read()


class _PlainPickle:
    """The machine of a pickle: a stack of values, the stacks below the marks, and the memo."""

    def __init__(self, file: BinaryIO, keep: Collection[str]) -> None:
        self._file = file
        self._keep = frozenset(keep)
        self._size = os.fstat(file.fileno()).st_size
        self._stack: list = []
        self._below: list[list] = []
        self._memo: dict[int, Any] = {}
        self._memo_length = 0
        self._used: set[int] = set()  # places of the memo
        self._steps: dict[bytes, Callable[[], None]] = {
            pickle.MARK: self._mark,
            pickle.INT: self._text_int,
            pickle.EMPTY_LIST: lambda: self._stack.append([]),
            pickle.APPEND: self._append,
            pickle.APPENDS: self._appends,
            pickle.EMPTY_DICT: lambda: self._stack.append({}),
            pickle.SETITEM: self._set_item,
            pickle.SETITEMS: self._set_items,
            pickle.TUPLE: lambda: self._push(tuple(self._since_mark())),
            pickle.MEMOIZE: self._memoize,
            pickle.GLOBAL: self._global,
            pickle.STACK_GLOBAL: self._stack_global,
            pickle.REDUCE: self._reduce,
            pickle.BUILD: self._build,
        }
        for code, count in _HINTS.items():
            self._steps[code] = partial(self._take, count)
        for code, layout in _LONGS.items():
            self._steps[code] = partial(self._long, struct.Struct(layout))
        for code, layout in _NUMBERS.items():
            self._steps[code] = partial(self._number, struct.Struct(layout))
        for code, (layout, is_text) in _STRINGS.items():
            self._steps[code] = partial(self._string, struct.Struct(layout), is_text)
        for code, layout in _PUTS.items():
            self._steps[code] = partial(self._put, struct.Struct(layout))
        for code, layout in _GETS.items():
            self._steps[code] = partial(self._get, struct.Struct(layout))
        for code, value in _CONSTANTS.items():
            self._steps[code] = partial(self._push, value)
        for code, count in _TUPLES.items():
            self._steps[code] = partial(self._tuple, count)

    def read(self) -> Any:
        start = self._file.tell()
        self._find_used_places()
        self._file.seek(start)
        return self._follow()

    def _find_used_places(self) -> None:
        """Finds which places of the memo are ever read.

        A pickle puts every list and dict into the memo, and Python 3 every string, in case it
        comes again. Few do, and all that is kept in case would be several times what is wanted.
        Whatever is wrong ends this first reading early and is refused in the second.
        """
        file = self._file
        fixed = dict.fromkeys(self._steps, 0) | _HINTS
        fixed |= {code: struct.calcsize(layout) for code, layout in (_NUMBERS | _PUTS).items()}
        strings = {code: layout for code, (layout, _) in _STRINGS.items()}
        counted = {code: struct.Struct(layout) for code, layout in (_LONGS | strings).items()}
        gets = {code: struct.Struct(layout) for code, layout in _GETS.items()}
        for code in (*counted, *gets, *_LINES):
            del fixed[code]
        with self._progress("first") as bar, suppress(struct.error):
            for _ in range(MOST_INSTRUCTIONS // INSTRUCTIONS_BETWEEN_REPORTS):
                for _ in range(INSTRUCTIONS_BETWEEN_REPORTS):
                    code = file.read(1)
                    if code in fixed:
                        if count := fixed[code]:
                            file.read(count)
                    elif code in counted:
                        length = self._unpack(counted[code])
                        if not 0 <= length <= self._size:
                            return
                        file.seek(length, os.SEEK_CUR)
                    elif code in gets:
                        self._used.add(self._unpack(gets[code]))
                        if len(self._used) > MOST_OBJECTS:
                            self._hostile("more places of its memo")
                    elif code in _LINES:
                        for _ in range(_LINES[code]):
                            file.readline(200)
                    else:  # the end, or an instruction that is not known
                        return
                bar.update(file.tell() - bar.n)

    def _progress(self, which: str) -> tqdm:
        name = os.path.basename(self._file.name)
        return tqdm(total=self._size, desc=f"{name}, {which} reading", unit="B", unit_scale=True)

    def _follow(self) -> Any:
        read, steps = self._file.read, self._steps
        objects = sys.getallocatedblocks() + MOST_OBJECTS
        rounds = range(MOST_INSTRUCTIONS // INSTRUCTIONS_BETWEEN_REPORTS)
        with self._progress("second") as bar:
            try:
                for _ in rounds:
                    for _ in range(INSTRUCTIONS_BETWEEN_REPORTS):
                        code = read(1)
                        if code == pickle.STOP:
                            bar.update(self._size - bar.n)
                            return self._result()
                        if code not in steps:
                            self._unknown(code)
                        steps[code]()
                    bar.update(self._file.tell() - bar.n)
                    if sys.getallocatedblocks() > objects:
                        break
                self._hostile("more values than fit in memory")
            except InputError:
                raise
            except (LookupError, TypeError, ValueError, AttributeError, struct.error) as error:
                raise self._damaged() from error
            finally:
                self._memo.clear()  # or the cycle through the steps would keep it for a while

    def _result(self) -> Any:
        (value,) = self._stack
        if self._below:
            raise self._damaged()
        return value

    # What goes wrong

    def _damaged(self) -> InputError:
        return InputError(
            f"{self._file.name} is damaged at byte {self._file.tell():,}: get it again, and "
            "compare its size with that of the original"
        )

    def _hostile(self, what: str) -> NoReturn:
        raise InputError(
            f"{self._file.name}, byte {self._file.tell():,}: {printable(what)}, which the data do "
            "not need. The file is not what it claims to be; nothing in it was run. Get it from a "
            "source that you trust"
        )

    def _unknown(self, code: bytes) -> NoReturn:
        if not code:
            raise self._damaged()
        if code == pickle.INST:
            self._hostile(f"a call of {self._line()}.{self._line()}")
        known = pickletools.code2op.get(code.decode("latin1"))
        if known is None:
            raise self._damaged()
        self._hostile(f"the pickle instruction {known.name}")

    # Reading

    def _take(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) != count:
            raise self._damaged()
        return data

    def _unpack(self, layout: struct.Struct) -> Any:
        return layout.unpack(self._file.read(layout.size))[0]

    def _line(self) -> str:
        line = self._file.readline(200)
        if not line.endswith(b"\n"):
            raise self._damaged()
        return line[:-1].decode("ascii")

    # Plain values

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _number(self, layout: struct.Struct) -> None:
        self._stack.append(self._unpack(layout))

    def _text_int(self) -> None:  # how Python 2 writes an int of more than 32 bits
        self._stack.append(int(self._line()[:24]))

    def _long(self, layout: struct.Struct) -> None:
        length = self._unpack(layout)
        if not 0 <= length <= 255:
            self._hostile(f"a whole number of {length:,} bytes")
        self._stack.append(int.from_bytes(self._take(length), "little", signed=True))

    def _string(self, layout: struct.Struct, is_text: bool) -> None:
        length = self._unpack(layout)
        if 0 <= length <= LONGEST_READ:
            data = self._take(length)
            self._stack.append(data.decode("utf-8", "surrogatepass") if is_text else data)
            return
        offset = self._file.tell()
        if not 0 < length <= self._size - offset:
            raise InputError(
                f"{self._file.name} ends early: at byte {offset:,} {length:,} more are announced, "
                f"but it has {self._size:,} in all. Get it again"
            )
        self._file.seek(length, os.SEEK_CUR)
        self._stack.append(Span(offset, length, is_text))

    # Containers

    def _mark(self) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _since_mark(self) -> list:
        values = self._stack
        self._stack = self._below.pop()
        return values

    def _tuple(self, count: int) -> None:
        if len(self._stack) < count:
            raise self._damaged()
        start = len(self._stack) - count
        self._stack[start:] = [tuple(self._stack[start:])]

    def _top(self, kind: type) -> Any:
        if type(self._stack[-1]) is not kind:
            raise self._damaged()
        return self._stack[-1]

    def _append(self) -> None:
        value = self._stack.pop()
        self._top(list).append(value)

    def _appends(self) -> None:
        values = self._since_mark()
        self._top(list).extend(values)

    def _set_item(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._keep_item(self._top(dict), key, value)

    def _set_items(self) -> None:
        values = self._since_mark()
        target = self._top(dict)
        for key, value in zip(values[::2], values[1::2], strict=True):
            self._keep_item(target, key, value)

    def _keep_item(self, target: dict, key: Any, value: Any) -> None:
        # Keys of other types, and whole numbers of any size, can be chosen to collide in a dict.
        if type(key) is bytes:
            key = key.decode("latin1")
        if (type(key) is int and key.bit_length() < 64) or (type(key) is str and key in self._keep):
            target[key] = value

    # Memo

    def _put(self, layout: struct.Struct) -> None:
        self._remember(self._unpack(layout))

    def _memoize(self) -> None:
        self._remember(self._memo_length)

    def _remember(self, place: int) -> None:
        self._memo_length += 1
        if place in self._used:
            self._memo[place] = self._stack[-1]

    def _get(self, layout: struct.Struct) -> None:
        self._stack.append(self._memo[self._unpack(layout)])

    # Names, and what is made with them

    def _global(self) -> None:
        self._push_name(self._line(), self._line())

    def _stack_global(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if type(name) is not str or type(module) is not str:
            raise self._damaged()
        self._push_name(module, name)

    def _push_name(self, module: str, name: str) -> None:
        if f"{module} {name}" not in _NAMES:
            self._hostile(f"the name {f'{module}.{name}'[:200]!r}")
        self._stack.append(_NAMES[f"{module} {name}"])

    def _reduce(self) -> None:
        arguments, name = self._stack.pop(), self._stack.pop()
        self._stack.append(self._made(name, arguments))

    def _made(self, name: Any, arguments: Any) -> Any:
        if type(arguments) is tuple:
            match name, arguments:
                case _Name.RECONSTRUCT, (_Name.NDARRAY, (0,), b"b" | "b"):
                    return Array()
                case _Name.DTYPE, (bytes() | str() as code, _, _):
                    code = code.decode("latin1") if type(code) is bytes else code
                    if _CODES.fullmatch(code):
                        return _DType(code)
                case _Name.SCALAR, (_DType() as dtype, bytes() as data):
                    if not dtype.code.startswith("O") and len(data) == dtype.of_numpy().itemsize:
                        return np.frombuffer(data, dtype.of_numpy()).tolist()[0]
                case _Name.FROM_BUFFER, (data, _DType() as dtype, tuple() as shape, _):
                    array = Array()
                    if type(data) is not list and array.fill(shape, dtype, data):
                        return array
                case _Name.ENCODE, (str() as text, "latin1"):
                    return text.encode("latin1")
                case _Name.ENCODE, (Span() as text, "latin1"):
                    return text
                case _Name.BYTES, ():
                    return b""
                case _Name.DEFAULT_DICT, (_Name.EMPTY,):
                    return {}
        known = name.name.lower().replace("_", " ") if isinstance(name, _Name) else "no function"
        self._hostile(f"a call of {known} with other arguments than NumPy or Python write")

    def _build(self) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        match target, state:
            case Array(), (1, tuple() as shape, _DType() as dtype, _, data):
                if target.fill(shape, dtype, data):
                    return
                self._hostile(f"an array that is not of the shape it claims ({_short(shape)})")
            case _DType(), (3, bytes() | str() as order, None, None, None, _, _, _):
                order = order.decode("latin1") if type(order) is bytes else order
                if target.order is None and order in ("<", ">", "|", "="):
                    target.order = order
                    return
        self._hostile("an object that is given another state than NumPy gives")


def _short(shape: tuple) -> str:
    return " x ".join(f"{n:,}" if type(n) is int and n < 2**63 else "?" for n in shape[:4])
