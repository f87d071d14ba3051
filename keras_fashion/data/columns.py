"""The category and the attributes of items, as integer columns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keras_fashion.errors import InputError

if TYPE_CHECKING:
    from keras_fashion.data.catalogue import Catalogue


class Attribute(NamedTuple):
    """What each item has of one attribute, such as its color.

    Attributes:
        values: (V,) text, the distinct values, sorted; "" stands for "not known".
        codes: (I,) int32, index into `values` by dense item index.
    """

    values: np.ndarray
    codes: np.ndarray


def differing_attributes(
    attributes: dict[str, Attribute], first: int, second: int
) -> dict[str, tuple[str, str]]:
    """What two items have of each attribute in which they differ and that is known of both."""
    pairs = {
        name: (str(each.values[each.codes[first]]), str(each.values[each.codes[second]]))
        for name, each in attributes.items()
    }
    return {name: (a, b) for name, (a, b) in pairs.items() if a and b and a != b}


def coded(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct values of a column, (V,) text and sorted, and (n,) int32, which each row has."""
    encoded = column.combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_numpy(zero_copy_only=False).astype(str)
    order = np.argsort(values)
    place = np.empty(len(values), np.int32)
    place[order] = np.arange(len(values), dtype=np.int32)
    return values[order], place[encoded.indices.to_numpy()]


def positions(column: pa.ChunkedArray, among: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """(n,) int32, where in another column each value stands.

    Raises:
        KeyError: If a value is not there.
    """
    found = pc.index_in(column, among)
    if found.null_count:
        raise KeyError(f"{found.null_count} values that are not there")
    return found.to_numpy().astype(np.int32)


def item_columns(catalogue: "Catalogue", names: Sequence[str]) -> tuple[np.ndarray, int]:
    """What each item has in some columns, as one numbering of all their values.

    Args:
        catalogue: Whose items.
        names: "category" or the names of attributes, all different.

    Returns:
        (I, len(names)) int32, the values of a column being numbered after those of the columns
        before it; and V, how many values there are.

    Raises:
        InputError: If there is no column of a name, none is named, or one is named twice.
    """
    category = Attribute(np.array(catalogue.categories), catalogue.item_categories)
    columns = {"category": category} | catalogue.attributes
    for name in names:
        if name not in columns:
            raise InputError(
                f"catalogue {catalogue.name} has no column {name!r}; it has {', '.join(columns)} "
                "(`keras-fashion prepare shop --attribute-column` keeps more)."
            )
    if not names or len(set(names)) < len(names):
        raise InputError(f"columns {', '.join(names) or '(none)'}: name each once, at least one.")
    counts = [len(columns[name].values) for name in names]
    firsts = np.cumsum(counts) - counts
    codes = np.stack([columns[name].codes for name in names], axis=1)
    return (codes + firsts).astype(np.int32), sum(counts)
