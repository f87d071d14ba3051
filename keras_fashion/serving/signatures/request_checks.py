"""Checks of requests, and the tables between text ids and dense indices.

A failed check ends the request with `tf.errors.InvalidArgumentError`, which servers answer with
400 and the message. The ids go into the SavedModel as an asset, a text file with one id a line,
rather than into the graph as constants: a graph may not be larger than 2 GB.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import tensorflow as tf

from keras_fashion.errors import InputError

MOST_ROWS = 1024
"""Of one request."""


def require(condition: tf.Tensor, *message: str | tf.Tensor) -> tf.Operation:
    """Stops the graph unless `condition`, () bool; the message is of () strings, joined."""
    return tf.debugging.Assert(condition, [tf.strings.join(list(message))])


def after(checks: Sequence[tf.Operation], *inputs: tf.Tensor) -> list[tf.Tensor]:
    """The inputs, which nothing can use before the checks have passed.

    Without this order, what uses a wrong input may fail first, with a message of its own.
    """
    with tf.control_dependencies(checks):
        return [tf.identity(each) for each in inputs]


def require_rows(most: int = MOST_ROWS, **columns: tf.Tensor) -> tf.Operation:
    """Stops the graph unless all columns, (B, ...), have as many rows, from 1 to `most`.

    Args:
        most: Rows.
        columns: By the names of the inputs.
    """
    rows = tf.stack([tf.shape(column)[0] for column in columns.values()])
    least, greatest = tf.reduce_min(rows), tf.reduce_max(rows)
    each = ", each as many" if len(columns) > 1 else ""
    return require(
        (least > 0) & (least == greatest) & (greatest <= most),
        f"{', '.join(columns)} must have from 1 to {most} rows{each}; there are ",
        tf.strings.reduce_join(_text(rows), separator=", "),
    )


def require_range(name: str, values: tf.Tensor, least: float, most: float) -> tf.Operation:
    """Stops the graph unless all values, of any shape, are within [least, most]; names the row."""
    values = tf.reshape(values, [-1])
    # Not the other way round: nan is within no range.
    wrong = tf.where(~((values >= least) & (values <= most)))[:, 0]
    shown = tf.strings.join([_text(wrong), " has ", _text(tf.gather(values, wrong))])
    return require(
        tf.size(wrong) == 0,
        f"{name} must be from {least} to {most}; row ",
        tf.strings.reduce_join(shown, separator=", row "),
    )


def _text(number: tf.Tensor) -> tf.Tensor:
    return tf.strings.as_string(number)


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
