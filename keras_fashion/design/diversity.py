"""Selection of the best of many pictures that do not all look the same."""

import tensorflow as tf

THUMBNAIL_SIZE = (8, 8)
"""Height and width in pixels at which pictures are compared."""

SIMILARITY_SCALE = 0.2
"""Root mean square difference, of pixels in [-1, 1], at which the similarity is exp(-1/2)."""


def thumbnails(pictures: tf.Tensor) -> tf.Tensor:
    """Shrinks pictures to 8x8 pixels, at which they are compared.

    Args:
        pictures: (B, H, W, 3) float32.

    Returns:
        (B, P) float32, with P = 192.

    Example:
        >>> thumbnails(tf.zeros((2, 32, 24, 3))).shape
        TensorShape([2, 192])
    """
    height, width = THUMBNAIL_SIZE
    small = tf.image.resize(pictures, THUMBNAIL_SIZE, antialias=True)
    return tf.reshape(small, [-1, height * width * 3])


def picture_similarity(small: tf.Tensor) -> tf.Tensor:
    """Returns the similarity of all pairs of pictures: 1 for copies, near 0 for others.

    Args:
        small: (..., n, P) float32, the `thumbnails` of n pictures.

    Returns:
        (..., n, n) float32, exp(-d² / (2 s²)) of the root mean square difference d of the pixels,
        where s is SIMILARITY_SCALE.

    Example:
        >>> small = tf.constant([[0.0, 0.0], [0.2, 0.2]])
        >>> print(f"{picture_similarity(small)[0, 1]:.3f}")
        0.607
    """
    return tf.exp(-mean_square_differences(small) / (2 * SIMILARITY_SCALE**2))


def mean_square_differences(vectors: tf.Tensor) -> tf.Tensor:
    """Returns the mean square differences of all pairs of vectors.

    Args:
        vectors: (..., n, P) float32.

    Returns:
        (..., n, n) float32.

    Example:
        >>> mean_square_differences(tf.constant([[0.0, 0.0], [0.0, 2.0]])).numpy().tolist()
        [[0.0, 2.0], [2.0, 0.0]]
    """
    squares = tf.reduce_sum(tf.square(vectors), axis=-1)
    products = tf.matmul(vectors, vectors, transpose_b=True)
    distances = squares[..., :, None] + squares[..., None, :] - 2 * products
    return tf.nn.relu(distances) / tf.cast(tf.shape(vectors)[-1], tf.float32)


def diverse_top(
    values: tf.Tensor, similarity: tf.Tensor, count: int | tf.Tensor, weight: tf.Tensor
) -> tf.Tensor:
    """Selects candidates greedily by value less similarity to those already selected.

    Each step selects the candidate with the largest value - weight * (greatest similarity to a
    selected candidate): maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998).

    Args:
        values: (N, R) float32, the values of R candidates for each of N users.
        similarity: (N, R, R) float32.
        count: n, number of candidates to select, at most R.
        weight: (N,) float32, what a copy costs; with 0 the n largest values are selected.

    Returns:
        (N, n) int32, indices of the candidates, the largest value first.

    Example:
        >>> similarity = tf.constant([[[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]]])
        >>> values = tf.constant([[3.0, 2.9, 2.5]])
        >>> diverse_top(values, similarity, 2, tf.constant([1.0])).numpy()
        array([[0, 2]], dtype=int32)
    """
    count = tf.convert_to_tensor(count, tf.int32)

    def select(
        step: tf.Tensor, penalty: tf.Tensor, available: tf.Tensor, selected: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.TensorArray]:
        score = tf.where(available, values - weight[:, None] * penalty, values.dtype.min)
        best = tf.argmax(score, axis=1, output_type=tf.int32)
        return (
            step + 1,
            tf.maximum(penalty, tf.gather(similarity, best, batch_dims=1)),
            available & (tf.range(tf.shape(values)[1])[None] != best[:, None]),
            selected.write(step, best),
        )

    *_, selected = tf.while_loop(
        lambda step, *_: step < count,
        select,
        (
            tf.constant(0),
            tf.zeros_like(values),
            tf.ones_like(values, tf.bool),
            tf.TensorArray(tf.int32, size=count, element_shape=values.shape[:1]),
        ),
    )
    best = tf.transpose(selected.stack())
    order = tf.argsort(tf.gather(values, best, batch_dims=1), direction="DESCENDING", stable=True)
    return tf.gather(best, order, batch_dims=1)
