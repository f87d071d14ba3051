"""What a request may ask: checked inside the graph, before anything is computed.

A failed check ends the request with `tf.errors.InvalidArgumentError`, which servers answer with
400 and the message.
"""

from collections.abc import Sequence

import tensorflow as tf

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
