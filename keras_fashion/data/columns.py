"""Categorical columns of items: the category and the attributes, as integer codes.

A categorical column is an `Attribute`: its distinct values and the code of each item. `factorize`
and `index_in` make codes from the text columns of a file; `item_columns` numbers the values of
several columns of a catalogue jointly, as an embedding or a one-hot encoding needs them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keras_fashion.errors import InputError

if TYPE_CHECKING:
    from keras_fashion.data.catalogue import Catalogue


ON_SALE_FROM, ON_SALE_UNTIL = "on_sale_from", "on_sale_until"
"""Attributes of a catalogue that hold the first and the last day on which an item is sold."""


class Attribute(NamedTuple):
    """A categorical column of the items, such as their color.

    Attributes:
        values: (V,) text, the distinct values, sorted; "" stands for "not known".
        codes: (I,) int32, index into `values` by dense item index.

    Example:
        >>> color = Attribute(np.array(["blue", "red"]), np.array([1, 0, 1], np.int32))
        >>> color.values[color.codes].tolist()
        ['red', 'blue', 'red']
    """

    values: np.ndarray
    codes: np.ndarray


def factorize(column: pa.ChunkedArray) -> Attribute:
    """Encodes a text column as sorted distinct values and codes.

    Args:
        column: n texts, without nulls.

    Returns:
        The values, (V,) text, and the codes, (n,) int32. `pandas.factorize` returns the two in the
        opposite order and copies the text into Python objects.

    Example:
        >>> values, codes = factorize(pa.chunked_array([["b", "a", "b"]]))
        >>> values.tolist(), codes.tolist()
        (['a', 'b'], [1, 0, 1])
    """
    encoded = column.combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_numpy(zero_copy_only=False).astype(str)
    order = np.argsort(values)
    rank = np.empty(len(values), np.int32)
    rank[order] = np.arange(len(values), dtype=np.int32)
    return Attribute(values[order], rank[encoded.indices.to_numpy()])


def index_in(column: pa.ChunkedArray, values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Returns the position of each element of a column in another column.

    Args:
        column: n values to look up.
        values: Column to look in.

    Returns:
        (n,) int32.

    Raises:
        KeyError: If a value is missing.

    Example:
        >>> index_in(pa.chunked_array([["b", "a", "b"]]), pa.array(["a", "b", "c"])).tolist()
        [1, 0, 1]
    """
    found = pc.index_in(column, values)
    if found.null_count:
        raise KeyError(f"{found.null_count} values that are not there")
    return found.to_numpy().astype(np.int32)


def item_columns(catalogue: "Catalogue", names: Sequence[str]) -> tuple[np.ndarray, int]:
    """Returns the values of some columns for each item, numbered jointly.

    Args:
        catalogue: Catalogue with I items.
        names: Distinct names of columns: "category" or names of attributes.

    Returns:
        - (I, len(names)) int32. The values of a column have numbers above those of the columns
          before it.
        - V, the number of values of all the columns.

    Raises:
        InputError: If a column does not exist, no name is given, or a name is given twice.

    Example:
        >>> from types import SimpleNamespace
        >>> category = Attribute(np.array(["Bags", "Tops"]), np.array([1, 0, 1], np.int32))
        >>> color = Attribute(np.array(["blue", "red"]), np.array([1, 1, 0], np.int32))
        >>> columns = {"category": category, "color": color}
        >>> catalogue = SimpleNamespace(name="shop", columns=columns)
        >>> numbers, num_values = item_columns(catalogue, ["category", "color"])
        >>> numbers.tolist(), num_values
        ([[1, 3], [0, 3], [1, 2]], 4)
    """
    columns = catalogue.columns
    for name in names:
        if name not in columns:
            raise InputError(
                f"catalogue {catalogue.name} has no column {name!r}; it has {', '.join(columns)} "
                "(a catalogue prepared with further `attribute_columns` has more)."
            )
    if not names or len(set(names)) < len(names):
        raise InputError(f"columns {', '.join(names) or '(none)'}: name each once, at least one.")
    sizes = [len(columns[name].values) for name in names]
    offsets = np.cumsum(sizes) - sizes
    codes = np.stack([columns[name].codes for name in names], axis=1)
    return (codes + offsets).astype(np.int32), sum(sizes)


def describing_attributes(attributes: dict[str, Attribute]) -> dict[str, Attribute]:
    """Returns the attributes that say what an item is, without the days on which it is sold.

    Args:
        attributes: Attributes of the items by name.

    Example:
        >>> column = Attribute(np.array(["a"]), np.array([0], np.int32))
        >>> list(describing_attributes({"on_sale_from": column, "color": column}))
        ['color']
    """
    days = (ON_SALE_FROM, ON_SALE_UNTIL)
    return {name: each for name, each in attributes.items() if name not in days}


def differing_attributes(
    attributes: dict[str, Attribute], first: int, second: int
) -> dict[str, tuple[str, str]]:
    """Returns the attributes in which two items differ and which are known of both.

    Args:
        attributes: Attributes of the items by name.
        first: Dense index of one item.
        second: Dense index of the other item.

    Returns:
        The values of the two items by the name of the attribute.

    Example:
        >>> color = Attribute(np.array(["", "blue", "red"]), np.array([2, 1, 0], np.int32))
        >>> differing_attributes({"color": color}, 0, 1)
        {'color': ('red', 'blue')}
        >>> differing_attributes({"color": color}, 0, 2)
        {}
    """
    pairs = {
        name: (str(each.values[each.codes[first]]), str(each.values[each.codes[second]]))
        for name, each in attributes.items()
    }
    return {name: (a, b) for name, (a, b) in pairs.items() if a and b and a != b}
