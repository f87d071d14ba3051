"""Columns of text as numbers."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


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
