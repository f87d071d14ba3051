"""Text ids to dense indices and back, inside an exported graph.

The ids go into the SavedModel as an asset, a text file with one id a line, rather than into the
graph as constants: a graph may not be larger than 2 GB.
"""

from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf

from keras_fashion.errors import InputError
from keras_fashion.serving.signatures.request_checks import after, require


def write_ids(path: Path, ids: Iterable[str]) -> str:
    """Writes the file that both tables read; the line number is the dense index.

    Raises:
        InputError: If an id holds a line break.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for name in ids:
            if "\n" in name or "\r" in name:
                raise InputError(
                    f"{path.stem}: the id {str(name)!r} holds a line break, which an exported "
                    "model cannot look up; rename it in the catalogue."
                )
            file.write(f"{name}\n")
    return str(path)


_TEXT = tf.string, tf.lookup.TextFileIndex.WHOLE_LINE
_NUMBER = tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER


def index_table(path: str, unknown: int) -> tf.lookup.StaticHashTable:
    """String ids to int64 dense indices; `unknown` for an id that the file does not hold."""
    lines = tf.lookup.TextFileInitializer(path, *_TEXT, *_NUMBER)
    return tf.lookup.StaticHashTable(lines, unknown)


def id_table(path: str) -> tf.lookup.StaticHashTable:
    """int64 dense indices to string ids; the empty string for an index outside the file."""
    lines = tf.lookup.TextFileInitializer(path, *_NUMBER, *_TEXT)
    return tf.lookup.StaticHashTable(lines, "")


def known_index(table: tf.lookup.StaticHashTable, kind: str, ids: tf.Tensor) -> tf.Tensor:
    """Looks ids up, and stops the graph if one is unknown.

    Args:
        table: Of `index_table`, with -1 for an unknown id.
        kind: What the ids are, for the message: "user_id" or "category".
        ids: (B,) string.

    Returns:
        (B,) int64.

    Raises:
        tf.errors.InvalidArgumentError: At run time, naming the unknown ids.
    """
    index = table[ids]
    unknown = tf.strings.reduce_join(tf.boolean_mask(ids, index < 0), separator=", ")
    check = require(tf.reduce_all(index >= 0), f"{kind} is not known: ", unknown)
    return after([check], index)[0]
