"""Codes in coordinates in which their prior is a normal distribution."""

import math

import tensorflow as tf

EDGE = 0.9995
"""Codes nearer to -1 or 1 than this count as this: the inverse grows without bound."""


def to_normal(codes: tf.Tensor) -> tf.Tensor:
    """x with z = erf(x / √2): if z ~ U(-1, 1), x ~ N(0, 1); an ascent on x never leaves (-1, 1).

    In these coordinates no place is an edge, straight lines between codes stay likely, and a code
    is as likely as its squared length says (`beyond_prior`).

    Args:
        codes: (..., Z) float32 in [-1, 1].

    Returns:
        (..., Z) float32.
    """
    return math.sqrt(2.0) * tf.math.erfinv(tf.clip_by_value(codes, -EDGE, EDGE))


def from_normal(normal: tf.Tensor) -> tf.Tensor:
    """z = erf(x / √2): (..., Z) float32 to (..., Z) float32 in (-1, 1)."""
    return tf.math.erf(normal / math.sqrt(2.0))


def beyond_prior(normal: tf.Tensor) -> tf.Tensor:
    """How far codes lie outside of the shell that holds the prior's mass.

    |x|² / Z of codes from the prior is 1 but for sqrt(2 / Z); what the generator draws further out
    it has never been trained to draw. Nearer to the centre costs nothing.

    Args:
        normal: (..., Z) float32.

    Returns:
        (...) float32, max(0, |x|² / Z - 1)²: 0 within the shell.
    """
    return tf.square(tf.nn.relu(tf.reduce_mean(tf.square(normal), axis=-1) - 1.0))
