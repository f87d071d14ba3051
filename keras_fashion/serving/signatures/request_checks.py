"""Checks of requests, and the tables between text ids and dense indices.

A failed check ends the request with `tf.errors.InvalidArgumentError`, which servers answer with
status 400 and the message. The ids are an asset of the SavedModel, a text file with one id on each
line, instead of constants in the graph: a graph may not be larger than 2 GB.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import tensorflow as tf

from keras_fashion.errors import InputError

MAX_ROWS = 1024
"""Largest number of rows in a request."""

_TEXT = tf.string, tf.lookup.TextFileIndex.WHOLE_LINE
_NUMBER = tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER


def require(condition: tf.Tensor, *message: str | tf.Tensor) -> tf.Operation:
    """Makes a check that a condition holds.

    Args:
        condition: () bool.
        message: Parts of the message, () strings, which are joined.

    Returns:
        The operation, for `after`.
    """
    return tf.debugging.Assert(condition, [tf.strings.join(list(message))])


def after(checks: Sequence[tf.Operation], *inputs: tf.Tensor) -> list[tf.Tensor]:
    """Returns inputs that nothing can use before the checks have passed.

    Without this order, an operation on a wrong input may fail first, with another message.

    Args:
        checks: Operations of `require`.
        inputs: Tensors.
    """
    with tf.control_dependencies(checks):
        return [tf.identity(each) for each in inputs]


def require_rows(max_rows: int = MAX_ROWS, **columns: tf.Tensor) -> tf.Operation:
    """Makes a check that all columns have the same number of rows, from 1 to `max_rows`.

    Args:
        max_rows: Largest number of rows.
        columns: (B, ...) tensors by the names of the inputs.
    """
    rows = tf.stack([tf.shape(column)[0] for column in columns.values()])
    smallest, largest = tf.reduce_min(rows), tf.reduce_max(rows)
    each = ", each as many" if len(columns) > 1 else ""
    return require(
        (smallest > 0) & (smallest == largest) & (largest <= max_rows),
        f"{', '.join(columns)} must have from 1 to {max_rows} rows{each}; there are ",
        tf.strings.reduce_join(_text(rows), separator=", "),
    )


def require_range(name: str, values: tf.Tensor, minimum: float, maximum: float) -> tf.Operation:
    """Makes a check that all values are within [minimum, maximum]; the message names the rows.

    Args:
        name: Name of the input.
        values: Numbers of any shape.
        minimum: Smallest value.
        maximum: Largest value.
    """
    values = tf.reshape(values, [-1])
    # Not `(values < minimum) | (values > maximum)`, which is False for NaN.
    wrong = tf.where(~((values >= minimum) & (values <= maximum)))[:, 0]
    found = tf.strings.join([_text(wrong), " has ", _text(tf.gather(values, wrong))])
    return require(
        tf.size(wrong) == 0,
        f"{name} must be from {minimum} to {maximum}; row ",
        tf.strings.reduce_join(found, separator=", row "),
    )


def _text(number: tf.Tensor) -> tf.Tensor:
    return tf.strings.as_string(number)


def write_ids(path: Path, ids: Iterable[str]) -> str:
    """Writes the file that both tables read; the number of the line is the dense index.

    Args:
        path: Path of the file.
        ids: Ids in the order of their dense indices.

    Returns:
        The path as text.

    Raises:
        InputError: If an id contains a line break.

    Example:
        >>> index_table(write_ids(Path("users.txt"), ["ann", "bob"]), unknown=-1)[
        ...     tf.constant(["bob", "eve"])
        ... ].numpy().tolist()
        [1, -1]
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


def index_table(path: str, unknown: int) -> tf.lookup.StaticHashTable:
    """Makes the table from string ids to int64 dense indices.

    Args:
        path: File of `write_ids`.
        unknown: Index of an id that the file does not contain.
    """
    lines = tf.lookup.TextFileInitializer(path, *_TEXT, *_NUMBER)
    return tf.lookup.StaticHashTable(lines, unknown)


def id_table(path: str) -> tf.lookup.StaticHashTable:
    """Makes the table from int64 dense indices to string ids.

    An index outside the file gives the empty string.

    Args:
        path: File of `write_ids`.
    """
    lines = tf.lookup.TextFileInitializer(path, *_NUMBER, *_TEXT)
    return tf.lookup.StaticHashTable(lines, "")


def known_index(table: tf.lookup.StaticHashTable, kind: str, ids: tf.Tensor) -> tf.Tensor:
    """Looks ids up and checks that all of them are known.

    Args:
        table: Table of `index_table` that gives -1 for an unknown id.
        kind: Name of the input for the message, "user_id" or "category".
        ids: (B,) string.

    Returns:
        (B,) int64.

    Raises:
        tf.errors.InvalidArgumentError: At run time, with the unknown ids.
    """
    index = table[ids]
    unknown = tf.strings.reduce_join(tf.boolean_mask(ids, index < 0), separator=", ")
    check = require(tf.reduce_all(index >= 0), f"{kind} is not known: ", unknown)
    return after([check], index)[0]
