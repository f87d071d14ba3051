"""tf.data pipelines over a catalogue: BPR triplets, labeled pictures, all pictures in order.

`pictures` is anything that is indexed by an array of items and has a shape (I, H, W, 3): an
array, a `PictureTable`, `DecodedPictures`.
"""

import numpy as np
import tensorflow as tf

from keras_fashion.data.batches import (
    endless_batches,
    own_rows,
    replicas,
    require_shareable,
)
from keras_fashion.data.picture_store import DecodedPictures, PictureTable
from keras_fashion.data.pictures import scale
from keras_fashion.data.split import Histories, Split
from keras_fashion.errors import InputError

Pictures = np.ndarray | PictureTable | DecodedPictures

# Streams of random numbers: what is drawn from one says nothing of another.
POSITIVE, HISTORY, FLIP, NEGATIVE = range(4)  # and on: negatives drawn again


def triplets(
    split: Split,
    batch_size: int,
    seed: int,
    pictures: Pictures | None = None,
    flip: bool = False,
    negatives: int = 0,
    history: int = 0,
    start: int = 0,
    context: tf.distribute.InputContext | None = None,
) -> tf.data.Dataset:
    """Training triplets (user, positive, negative) of BPR (Rendle et al., UAI 2009), without end.

    A positive is drawn uniformly from the training interactions, its negative uniformly from the
    items that are not in the user's training set. With shared negatives all positives of a batch
    are compared with the same items, drawn uniformly from the catalogue: B + M pictures make
    B x M comparisons. A pass has `split.steps(batch_size)` batches: as many positives as there are
    training interactions, rounded up to whole batches.

    Batch k depends on `seed` and k alone: see `endless_batches`.

    Args:
        split: Whose training part is drawn from.
        batch_size: B, positives in a batch, of all replicas together.
        seed: Same seed, same triplets.
        pictures: (I, H, W, 3) uint8, or None for models that see no picture.
        flip: Whether to mirror half of the pictures left to right.
        negatives: M, shared by the batch; 0 draws one for each positive, as in the paper.
        history: How many of a user's other training items to give at most; 0 gives none.
        start: Number of the first batch: how many steps were trained already.
        context: Which replicas to make batches for. Each gets its part of the positives and of
            the negatives.

    Returns:
        Batches of {"user", "positive": (B,) int32, "negative": (B,) or (M,) int32} and

        - with shared negatives "mask": (B, M) float32, 0 where the user bought the negative;
        - with pictures "picture": (B + B or M, H, W, 3) float32 in [-1, 1], positives first;
        - with history "history": (B, `history`) int32, the positive left out, -1 for none.

        With several replicas B and M are a replica's part, but for the columns of "mask",
        which are the negatives of all.

    Raises:
        InputError: If a user has the whole catalogue in training, which leaves no negative, or
            the replicas cannot share a batch evenly.
    """
    if np.bincount(split.train[:, 0]).max() >= split.num_items:
        raise InputError("the split has a user with every item in training: leave some out.")
    interactions = tf.constant(split.train)
    known_pairs = tf.constant(np.sort(_pair_keys(split.train, split.num_items)))
    for shared in (batch_size, negatives):
        require_shareable(shared, replicas(context))
    others = Histories(split, history) if history else None

    def is_positive(user: tf.Tensor, item: tf.Tensor) -> tf.Tensor:
        keys = tf.cast(user, tf.int64) * split.num_items + tf.cast(item, tf.int64)
        at = tf.searchsorted(known_pairs, tf.reshape(keys, [-1]))
        found = tf.gather(known_pairs, tf.minimum(at, len(split.train) - 1))
        return tf.reshape(found, tf.shape(keys)) == keys

    def uniform(step: tf.Tensor, stream: tf.Tensor | int, size: int, end: int) -> tf.Tensor:
        key = _key(seed, step, stream)
        return tf.random.stateless_uniform([size], key, maxval=end, dtype=tf.int32)

    def own_negatives(user: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        def redraw(stream: tf.Tensor, negative: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            fresh = uniform(step, stream, batch_size, split.num_items)
            return stream + 1, tf.where(is_positive(user, negative), fresh, negative)

        _, negative = tf.while_loop(
            lambda _, negative: tf.reduce_any(is_positive(user, negative)),
            redraw,
            (tf.constant(NEGATIVE + 1), uniform(step, NEGATIVE, batch_size, split.num_items)),
        )
        return negative

    def make_batch(step: tf.Tensor, replica: tf.Tensor) -> dict[str, tf.Tensor]:
        # All replicas draw the whole batch, which is cheap, and look at their part of it.
        mine = own_rows(batch_size, replica, context)
        rows = tf.gather(interactions, uniform(step, POSITIVE, batch_size, len(split.train)))
        user, positive = tf.gather(rows[:, 0], mine), tf.gather(rows[:, 1], mine)
        batch = {"user": user, "positive": positive}
        if negatives:
            which = own_rows(negatives, replica, context)
            negative = uniform(step, NEGATIVE, negatives, split.num_items)
            bought = is_positive(user[:, None], negative[None])
            batch |= {
                "negative": tf.gather(negative, which),
                "mask": tf.cast(~bought, tf.float32),
            }
        else:
            which = mine
            batch["negative"] = tf.gather(own_negatives(rows[:, 0], step), mine)
        if others is not None:
            place = uniform(step, HISTORY, batch_size, np.iinfo(np.int32).max)
            batch["history"] = others.draw(user, positive, tf.gather(place, mine))
        if pictures is not None:
            items = tf.concat([positive, batch["negative"]], axis=0)
            batch["picture"] = _scaled(pictures, items)
            if flip:
                size = batch_size + (negatives or batch_size)
                mirrored = tf.random.stateless_uniform([size], _key(seed, step, FLIP)) < 0.5
                mirrored = tf.gather(mirrored, tf.concat([mine, batch_size + which], axis=0))
                batch["picture"] = _mirror(batch["picture"], mirrored)
        return batch

    return endless_batches(make_batch, start, context)


def labeled_pictures(
    pictures: Pictures,
    item_categories: np.ndarray,
    batch_size: int,
    seed: int,
    flip: bool = False,
    start: int = 0,
    context: tf.distribute.InputContext | None = None,
) -> tf.data.Dataset:
    """Every item's picture with its category, in a new order each pass, without end.

    A pass has I // B batches; the rest of the pictures has its turn in other passes. Batch k
    depends on `seed` and k alone: see `endless_batches`. No order of all items is held in memory.

    Args:
        pictures: (I, H, W, 3) uint8.
        item_categories: (I,) int.
        batch_size: B, of all replicas together; at most I.
        seed: Decides the order and the mirrored pictures.
        flip: Whether to mirror half of the pictures left to right.
        start: Number of the first batch: how many steps were trained already.
        context: Which replicas to make batches for; each gets its part of every batch.

    Returns:
        Batches of (picture (B, H, W, 3) float32 in [-1, 1], category (B,) int32).

    Raises:
        InputError: If the replicas cannot share a batch evenly.
        ValueError: If a pass has no batch.
    """
    categories = tf.constant(item_categories, tf.int32)
    require_shareable(batch_size, replicas(context))
    steps = len(pictures) // batch_size
    if not steps:
        raise ValueError(f"{len(pictures)} pictures do not make a batch of {batch_size}")

    def make_batch(step: tf.Tensor, replica: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        mine = own_rows(batch_size, replica, context)
        place = step % steps * batch_size + tf.cast(mine, tf.int64)
        order = tf.cast(tf.stack([tf.constant(seed, tf.int64), step // steps]), tf.int64)
        items = tf.random.experimental.index_shuffle(place, order, len(pictures) - 1)
        batch = _scaled(pictures, items)
        if flip:
            mirrored = tf.random.stateless_uniform([batch_size], _key(seed, step, FLIP)) < 0.5
            batch = _mirror(batch, tf.gather(mirrored, mine))
        return batch, tf.gather(categories, items)

    return endless_batches(make_batch, start, context)


def picture_batches(
    pictures: Pictures, batch_size: int = 256, items: slice = slice(None)
) -> tf.data.Dataset:
    """All pictures, or those of some items, in item order: (B, H, W, 3) float32 in [-1, 1]."""
    return (
        tf.data.Dataset.range(*items.indices(len(pictures)))
        .batch(batch_size)
        .map(lambda items: _scaled(pictures, items), num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
    )


def _pair_keys(pairs: np.ndarray, num_items: int) -> np.ndarray:
    return pairs[:, 0].astype(np.int64) * num_items + pairs[:, 1]


def _key(seed: int, step: tf.Tensor, stream: tf.Tensor | int) -> tf.Tensor:
    """The seed of a stateless operation: one a run, a batch and a stream."""
    batch = tf.stack([tf.constant(seed, tf.int64), step])
    return tf.random.experimental.stateless_fold_in(batch, stream)


def _scaled(pictures: Pictures, items: tf.Tensor) -> tf.Tensor:
    # One call a batch measured quickest; the pictures themselves never enter the graph.
    rows = tf.numpy_function(lambda index: pictures[index], [items], tf.uint8, stateful=False)
    return scale(tf.ensure_shape(rows, [None, *pictures.shape[1:]]))


def _mirror(pictures: tf.Tensor, mirrored: tf.Tensor) -> tf.Tensor:
    return tf.where(mirrored[:, None, None, None], pictures[:, :, ::-1], pictures)
