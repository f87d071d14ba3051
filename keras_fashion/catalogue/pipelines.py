"""tf.data pipelines over a catalogue: BPR triplets and labelled pictures."""

import numpy as np
import tensorflow as tf

from keras_fashion.catalogue.pictures import scale
from keras_fashion.catalogue.split import Split
from keras_fashion.errors import InputError


def triplets(
    split: Split,
    batch_size: int,
    seed: int,
    pictures: np.ndarray | None = None,
    flip: bool = False,
) -> tf.data.Dataset:
    """Training triplets (user, positive, negative) of BPR (Rendle et al., UAI 2009).

    A positive is drawn uniformly from the training interactions, its negative uniformly from the
    items that are not in the user's training set. One pass has as many triplets as there are
    training interactions, rounded up to whole batches; each pass draws anew.

    Args:
        split: Whose training part is drawn from.
        batch_size: B, triplets in a batch.
        seed: Same seed, same triplets.
        pictures: (I, H, W, 3) uint8, or None for models that see no picture.
        flip: Whether to mirror half of the pictures left to right.

    Returns:
        Batches of {"user", "positive", "negative": (B,) int32} and, with pictures,
        {"positive_picture", "negative_picture": (B, H, W, 3) float32 in [-1, 1]}.

    Raises:
        InputError: If a user has the whole catalogue in training, which leaves no negative.
    """
    if np.bincount(split.train[:, 0]).max() >= split.item_count:
        raise InputError("the split has a user with every item in training: leave some out.")
    interactions = tf.constant(split.train)
    known_pairs = tf.constant(np.sort(_pair_keys(split.train, split.item_count)))

    def is_positive(user: tf.Tensor, item: tf.Tensor) -> tf.Tensor:
        keys = tf.cast(user, tf.int64) * split.item_count + tf.cast(item, tf.int64)
        at = tf.searchsorted(known_pairs, keys)
        return tf.gather(known_pairs, tf.minimum(at, len(split.train) - 1)) == keys

    def draw(batch_seed: tf.Tensor) -> dict[str, tf.Tensor]:
        def uniform(stream: tf.Tensor, end: int) -> tf.Tensor:
            return tf.random.stateless_uniform(
                [batch_size], [batch_seed, stream], maxval=end, dtype=tf.int32
            )

        rows = tf.gather(interactions, uniform(0, len(split.train)))
        user, positive = rows[:, 0], rows[:, 1]

        def redraw(stream: tf.Tensor, negative: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            fresh = uniform(stream, split.item_count)
            return stream + 1, tf.where(is_positive(user, negative), fresh, negative)

        _, negative = tf.while_loop(
            lambda _, negative: tf.reduce_any(is_positive(user, negative)),
            redraw,
            (tf.constant(2, tf.int64), uniform(1, split.item_count)),
        )
        return {"user": user, "positive": positive, "negative": negative}

    def with_pictures(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        items = tf.concat([batch["positive"], batch["negative"]], axis=0)
        positive, negative = tf.split(_gather_scaled(pictures, items), 2)
        return batch | {"positive_picture": positive, "negative_picture": negative}

    def mirrored(batch: dict[str, tf.Tensor], batch_seed: tf.Tensor) -> dict[str, tf.Tensor]:
        for stream, name in enumerate(("positive_picture", "negative_picture"), start=-2):
            batch[name] = _mirror_half(batch[name], batch_seed, stream)
        return batch

    def make_batch(batch_seed: tf.Tensor) -> dict[str, tf.Tensor]:
        batch = draw(batch_seed)
        if pictures is not None:
            batch = with_pictures(batch)
        return mirrored(batch, batch_seed) if flip else batch

    steps = -(-len(split.train) // batch_size)
    return (
        tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
        .take(steps)
        .map(make_batch, num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
    )


def labelled_pictures(
    pictures: np.ndarray,
    item_categories: np.ndarray,
    batch_size: int,
    seed: int,
    flip: bool = False,
) -> tf.data.Dataset:
    """Every item's picture with its category, in a new order each pass.

    Args:
        pictures: (I, H, W, 3) uint8.
        item_categories: (I,) int.
        batch_size: B; the last incomplete batch of a pass is dropped.
        seed: Decides the order and the mirrored pictures.
        flip: Whether to mirror half of the pictures left to right.

    Returns:
        Batches of (picture (B, H, W, 3) float32 in [-1, 1], category (B,) int32).
    """
    categories = tf.constant(item_categories, tf.int32)

    def make_batch(items: tf.Tensor, batch_seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch = _gather_scaled(pictures, items)
        if flip:
            batch = _mirror_half(batch, batch_seed, 0)
        return batch, tf.gather(categories, items)

    order = tf.data.Dataset.range(len(pictures)).shuffle(
        len(pictures), seed=seed, reshuffle_each_iteration=True
    )
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    return (
        tf.data.Dataset.zip(order.batch(batch_size, drop_remainder=True), seeds)
        .map(make_batch, num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
    )


def picture_batches(pictures: np.ndarray, batch_size: int = 256) -> tf.data.Dataset:
    """All pictures in item order, as batches of (B, H, W, 3) float32 in [-1, 1]."""
    return (
        tf.data.Dataset.range(len(pictures))
        .batch(batch_size)
        .map(lambda items: _gather_scaled(pictures, items), num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
    )


def _pair_keys(pairs: np.ndarray, item_count: int) -> np.ndarray:
    return pairs[:, 0].astype(np.int64) * item_count + pairs[:, 1]


def _gather_scaled(pictures: np.ndarray, items: tf.Tensor) -> tf.Tensor:
    # Reading a batch of rows from the memory map in one NumPy call measured quickest; the map
    # itself never enters the graph, so memory does not grow with the catalogue.
    rows = tf.numpy_function(lambda index: pictures[index], [items], tf.uint8, stateful=False)
    return scale(tf.ensure_shape(rows, [None, *pictures.shape[1:]]))


def _mirror_half(pictures: tf.Tensor, seed: tf.Tensor, stream: int) -> tf.Tensor:
    mirrored = tf.random.stateless_uniform([tf.shape(pictures)[0]], [seed, stream]) < 0.5
    return tf.where(mirrored[:, None, None, None], pictures[:, :, ::-1], pictures)
