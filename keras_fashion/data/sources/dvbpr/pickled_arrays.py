"""What the names of NumPy and of Python in a pickle of arrays stand for.

A pickle names functions and classes, and says with which arguments they are to be called. The
released files need nine of them. Each is replaced by a function or class of this module, which
accepts only the arguments that NumPy and Python write, and allocates nothing in a size that the
file merely claims. NumPy's own functions do allocate, and `numpy.dtype.__setstate__` takes whatever
it is given.
"""

import math
import re
from typing import Any, NamedTuple

import numpy as np

from keras_fashion.errors import InputError


class Span(NamedTuple):
    """The place of a long string in the file.

    Attributes:
        offset: Position of its first byte, from the beginning of the file.
        length: Number of bytes.
        is_text: Whether it is UTF-8 text. Bytes of Python 2 that Python 3 has read as Latin-1 and
            saved again are such a text, too.
    """

    offset: int
    length: int
    is_text: bool


class PickledArray:
    """A NumPy array of any shape, in the place of `numpy.ndarray`.

    The elements are not unpacked before they are asked for, because a small file may refer to the
    same elements a million times.

    Example:
        >>> array = PickledArray()
        >>> array.fill((1, 2), PickledDType("f8", False, True), np.array([[0.5, 1.5]]).tobytes())
        >>> array.elements()
        [0.5, 1.5]
    """

    def __init__(self) -> None:
        self._dtype = np.dtype(object)
        self._data: list[Any] | bytes | Span = []

    def elements(self) -> list[Any]:
        """Returns the elements in one row, as Python objects.

        Raises:
            InputError: If the elements are numbers or text that the unpickler has left in the file
                because of their length, or text that is damaged.
        """
        if isinstance(self._data, Span):
            raise InputError(
                f"it has an array of {self._data.length:,} bytes where the layout has few"
            )
        if isinstance(self._data, list):
            return self._data
        try:
            return np.frombuffer(self._data, self._dtype).tolist()
        except (ValueError, SystemError) as error:  # no such character
            raise InputError("it has an array of damaged text") from error

    def fill(self, shape: Any, dtype: Any, data: Any) -> None:
        """Sets the elements.

        Args:
            shape: Shape that the pickle claims.
            dtype: `PickledDType` of the elements.
            data: The elements as a list of objects, or their bytes.

        Raises:
            TypeError: If the arguments are of other types.
            ValueError: If there are not as many elements as the shape says.
        """
        if type(shape) is not tuple or len(shape) > 32 or any(type(n) is not int for n in shape):
            raise TypeError("the shape is not one")
        count = math.prod(shape)
        if dtype.numpy.hasobject:
            fits = type(data) is list and len(data) == count
        elif type(data) is Span:
            fits = data.is_text or data.length == count * dtype.numpy.itemsize
        else:
            fits = type(data) is bytes and len(data) == count * dtype.numpy.itemsize
        if not fits or min(shape, default=0) < 0:
            raise ValueError("the array is not of the shape it claims")
        self._dtype, self._data = dtype.numpy, data

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, _, data = state
        self.fill(shape, dtype, data)


class PickledDType:
    """The type of an array's elements, in the place of `numpy.dtype`.

    Args:
        code: Kind and size of a number, a string or an object, such as `f8`.
        align: Ignored.
        copy: Ignored.

    Attributes:
        numpy: The type. The pickle gives its byte order as a state.

    Example:
        >>> PickledDType("f8", False, True).numpy
        dtype('float64')
    """

    def __init__(self, code: Any, align: Any, copy: Any) -> None:
        code = _decoded(code)
        if not re.fullmatch(r"b1|[iu][1248]|f[248]|[SU][0-9]{1,3}|O[48]?", code):
            raise ValueError("the type is not a number, a string or an object")
        self.numpy: np.dtype[Any] = np.dtype("O" if code[0] == "O" else code)

    def __setstate__(self, state: Any) -> None:
        version, order, *structure = state
        order = _decoded(order)
        if version != 3 or order not in ("<", ">", "|", "=") or structure[:3] != [None] * 3:
            raise ValueError("the type has more to it than a byte order")
        if order in ("<", ">"):
            self.numpy = self.numpy.newbyteorder(order)


def _decoded(text: Any) -> Any:
    """Returns a `str` of Python 2, which Python 3 may unpickle as bytes, as text."""
    return text.decode("latin1") if isinstance(text, bytes) else text


def _reconstruct(kind: Any, shape: Any, code: Any) -> PickledArray:
    if kind is not PickledArray or shape != (0,) or code not in (b"b", "b"):
        raise ValueError("an array begins as an empty one")
    return PickledArray()


def _scalar(dtype: Any, data: Any) -> Any:
    (value,) = np.frombuffer(data, dtype.numpy).tolist()
    return value


def _frombuffer(data: Any, dtype: Any, shape: Any, order: Any) -> PickledArray:
    array = PickledArray()
    array.fill(shape, dtype, data)
    return array


def _encode(text: Any, encoding: Any) -> bytes | Span:
    if encoding != "latin1":
        raise ValueError("bytes are written as text of Latin-1")
    return text if isinstance(text, Span) else text.encode("latin1")


def _empty_bytes() -> bytes:
    return b""


def _defaultdict(factory: Any) -> dict[Any, Any]:
    if factory is not None:
        raise ValueError("the factory is a built-in type")
    return {}


def _stand_ins() -> dict[str, Any]:
    table: dict[str, Any] = {
        "numpy.ndarray": PickledArray,
        "numpy.dtype": PickledDType,
        "_codecs.encode": _encode,  # Python 3 writes bytes in this way for Python 2
        "collections.defaultdict": _defaultdict,
    }
    for core in ("numpy.core", "numpy._core"):
        table[f"{core}.multiarray._reconstruct"] = _reconstruct
        table[f"{core}.multiarray.scalar"] = _scalar
        table[f"{core}.numeric._frombuffer"] = _frombuffer
    for builtins in ("__builtin__", "builtins"):
        table[f"{builtins}.bytes"] = _empty_bytes
        # These are named only as the factory of a defaultdict, which becomes a dict.
        table |= {f"{builtins}.{kind}": None for kind in ("list", "dict", "int")}
    return table


STAND_INS = _stand_ins()
"""Maps each full name that a pickle may have in it to what is used instead."""
