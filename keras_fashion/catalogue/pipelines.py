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
    negatives: int = 0,
    history: int = 0,
) -> tf.data.Dataset:
    """Training triplets (user, positive, negative) of BPR (Rendle et al., UAI 2009).

    A positive is drawn uniformly from the training interactions, its negative uniformly from the
    items that are not in the user's training set. With shared negatives all positives of a batch
    are compared with the same items, drawn uniformly from the catalogue: B + M pictures make
    B x M comparisons. One pass has as many positives as there are training interactions, rounded
    up to whole batches; each pass draws anew.

    Args:
        split: Whose training part is drawn from.
        batch_size: B, positives in a batch.
        seed: Same seed, same triplets.
        pictures: (I, H, W, 3) uint8, or None for models that see no picture.
        flip: Whether to mirror half of the pictures left to right.
        negatives: M, shared by the batch; 0 draws one for each positive, as in the paper.
        history: How many of a user's other training items to give at most; 0 gives none.

    Returns:
        Batches of {"user", "positive": (B,) int32, "negative": (B,) or (M,) int32} and

        - with shared negatives "counted": (B, M) float32, 0 where the user bought the negative;
        - with pictures "picture": (B + B or M, H, W, 3) float32 in [-1, 1], positives first;
        - with history "history": (B, `history`) int32, the positive left out, -1 for none.

    Raises:
        InputError: If a user has the whole catalogue in training, which leaves no negative.
    """
    if np.bincount(split.train[:, 0]).max() >= split.item_count:
        raise InputError("the split has a user with every item in training: leave some out.")
    interactions = tf.constant(split.train)
    known_pairs = tf.constant(np.sort(_pair_keys(split.train, split.item_count)))

    def is_positive(user: tf.Tensor, item: tf.Tensor) -> tf.Tensor:
        keys = tf.cast(user, tf.int64) * split.item_count + tf.cast(item, tf.int64)
        at = tf.searchsorted(known_pairs, tf.reshape(keys, [-1]))
        found = tf.gather(known_pairs, tf.minimum(at, len(split.train) - 1))
        return tf.reshape(found, tf.shape(keys)) == keys

    def uniform(batch_seed: tf.Tensor, stream: tf.Tensor, size: int, end: int) -> tf.Tensor:
        return tf.random.stateless_uniform([size], [batch_seed, stream], maxval=end, dtype=tf.int32)

    def own_negatives(user: tf.Tensor, batch_seed: tf.Tensor) -> tf.Tensor:
        def redraw(stream: tf.Tensor, negative: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            fresh = uniform(batch_seed, stream, batch_size, split.item_count)
            return stream + 1, tf.where(is_positive(user, negative), fresh, negative)

        _, negative = tf.while_loop(
            lambda _, negative: tf.reduce_any(is_positive(user, negative)),
            redraw,
            (tf.constant(2, tf.int64), uniform(batch_seed, 1, batch_size, split.item_count)),
        )
        return negative

    others = _Histories(split, history) if history else None

    def make_batch(batch_seed: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = tf.gather(interactions, uniform(batch_seed, 0, batch_size, len(split.train)))
        user, positive = rows[:, 0], rows[:, 1]
        batch = {"user": user, "positive": positive}
        if negatives:
            negative = uniform(batch_seed, 1, negatives, split.item_count)
            bought = is_positive(user[:, None], negative[None])
            batch |= {"negative": negative, "counted": tf.cast(~bought, tf.float32)}
        else:
            batch["negative"] = own_negatives(user, batch_seed)
        if others is not None:
            start = uniform(batch_seed, -1, batch_size, np.iinfo(np.int32).max)
            batch["history"] = others.draw(user, positive, start)
        if pictures is not None:
            items = tf.concat([positive, batch["negative"]], axis=0)
            batch["picture"] = _gather_scaled(pictures, items)
            if flip:
                batch["picture"] = _mirror_half(batch["picture"], batch_seed, -2)
        return batch

    steps = -(-len(split.train) // batch_size)
    return (
        tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
        .take(steps)
        .map(make_batch, num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
    )


class _Histories:
    """What each user bought, to draw from.

    Args:
        split: Whose training part is drawn from.
        size: H, items to draw at most.
    """

    def __init__(self, split: Split, size: int) -> None:
        order = np.argsort(split.train[:, 0], kind="stable")
        counts = np.bincount(split.train[:, 0], minlength=split.user_count)
        self.items = tf.constant(split.train[order, 1])
        self.counts = tf.constant(counts, tf.int32)
        self.starts = tf.constant(np.cumsum(counts) - counts, tf.int32)
        self.size = size

    def draw(self, user: tf.Tensor, left_out: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
        """(B,) users and the item to leave out of each, to (B, H) items, -1 for none.

        All items of a user who has at most H; of any other H neighbours in the split's order,
        from a place that `start`, (B,) random numbers, decides.
        """
        count = tf.gather(self.counts, user)[:, None]
        place = tf.range(self.size)[None]
        at = (start[:, None] % count + place) % count
        items = tf.gather(self.items, tf.gather(self.starts, user)[:, None] + at)
        return tf.where((place < count) & (items != left_out[:, None]), items, -1)


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
