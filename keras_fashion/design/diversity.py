"""The best of many candidates that are not all alike."""

import tensorflow as tf

SMALL = (8, 8)
"""Height and width at which pictures are compared, in pixels."""

ALIKE = 0.2
"""Root mean square difference, where pixels are in [-1, 1], at which likeness has fallen to .61."""


def thumbnails(pictures: tf.Tensor) -> tf.Tensor:
    """What is compared of pictures: (B, H, W, 3) float32 to (B, P), their pixels at 8x8."""
    return tf.reshape(tf.image.resize(pictures, SMALL, antialias=True), [-1, 3 * SMALL[0] ** 2])


def likeness(seen: tf.Tensor) -> tf.Tensor:
    """How alike pictures look: 1 for copies, towards 0 for others.

    Args:
        seen: (..., n, P) float32, their `thumbnails`.

    Returns:
        (..., n, n) float32, exp(-d² / (2 ALIKE²)) of the root mean square difference d.
    """
    length = tf.reduce_sum(tf.square(seen), axis=-1)
    product = tf.matmul(seen, seen, transpose_b=True)
    distance = length[..., :, None] + length[..., None, :] - 2 * product
    mean = tf.nn.relu(distance) / tf.cast(tf.shape(seen)[-1], tf.float32)
    return tf.exp(-mean / (2 * ALIKE**2))


def diverse_top(
    values: tf.Tensor, alike: tf.Tensor, count: int | tf.Tensor, weight: tf.Tensor
) -> tf.Tensor:
    """Picks greedily by value - weight * likeness to the most alike of those already picked.

    Maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998).

    Args:
        values: (N, R) float32.
        alike: (N, R, R) float32.
        count: n, at most R.
        weight: (N,) float32, what a copy costs; 0 takes the best n.

    Returns:
        (N, n) int32, the best first.
    """
    count = tf.convert_to_tensor(count, tf.int32)

    def pick(
        turn: tf.Tensor, nearest: tf.Tensor, left: tf.Tensor, picked: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.TensorArray]:
        worth = tf.where(left, values - weight[:, None] * nearest, values.dtype.min)
        best = tf.argmax(worth, axis=1, output_type=tf.int32)
        return (
            turn + 1,
            tf.maximum(nearest, tf.gather(alike, best, batch_dims=1)),
            left & (tf.range(tf.shape(values)[1])[None] != best[:, None]),
            picked.write(turn, best),
        )

    *_, picked = tf.while_loop(
        lambda turn, *_: turn < count,
        pick,
        (
            tf.constant(0),
            tf.zeros_like(values),
            tf.ones_like(values, tf.bool),
            tf.TensorArray(tf.int32, size=count, element_shape=values.shape[:1]),
        ),
    )
    best = tf.transpose(picked.stack())
    order = tf.argsort(tf.gather(values, best, batch_dims=1), direction="DESCENDING", stable=True)
    return tf.gather(best, order, batch_dims=1)
