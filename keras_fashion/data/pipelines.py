"""tf.data pipelines over a catalogue: BPR triplets, labeled pictures, all pictures in order.

`pictures` is any object of shape (I, H, W, 3) that an array of items indexes: an array, a
`PictureTable` or `DecodedPictures`. An array (I, F) float of features stands for pictures that a
frozen network has seen already.
"""

import numpy as np
import tensorflow as tf

from keras_fashion.data.batches import (
    endless_batches,
    num_input_replicas,
    replica_row_indices,
    require_divisible,
)
from keras_fashion.data.picture_store import DecodedPictures, PictureTable
from keras_fashion.data.pictures import scale
from keras_fashion.data.purchase_times import months_of_days
from keras_fashion.data.split import Histories, Split
from keras_fashion.data.temporal import TemporalSplit

Pictures = np.ndarray | PictureTable | DecodedPictures

# Streams of random numbers, which are independent of each other. Negatives that have to be drawn
# again take the streams from NEGATIVE + 1 on.
POSITIVE, HISTORY, FLIP, CATEGORY, ITEM, REFERENCE, NEGATIVE = range(7)

REFERENCES = 32
"""Number of references for each picture of a batch; see `labeled_pictures`."""


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
    """Creates an infinite dataset of BPR training triplets (Rendle et al., UAI 2009).

    A triplet is a user, a positive and a negative. Positives are drawn uniformly from the training
    interactions, and the negative of each uniformly from the items that are not in the user's
    training set; in a `TemporalSplit` from those that are on sale on the day of the positive. With
    shared negatives (`negatives` above 0) all positives of a batch are compared with the same
    items, drawn uniformly from the catalogue: B + M pictures make B x M comparisons.

    An epoch has `split.steps(batch_size)` batches: as many positives as there are training
    interactions, rounded up to whole batches. Batch k depends on `seed` and k alone, see
    `keras_fashion.data.batches.endless_batches`.

    Args:
        split: Split whose training interactions are drawn from.
        batch_size: B, number of positives in a global batch.
        seed: Integer. The same seed gives the same triplets.
        pictures: (I, H, W, 3) uint8, or (I, F) float features in their place, or None for models
            that use no pictures.
        flip: Whether to mirror each picture left to right with probability 0.5.
        negatives: M, number of negatives that a batch shares. With 0 one negative is drawn for each
            positive, as in the paper.
        history: Maximum number of a user's other training items to return; 0 returns none.
        start: Number of the first batch, which is the number of steps trained so far.
        context: Input context of a distributed strategy. Each replica gets its part of the
            positives and of the negatives.

    Returns:
        A dataset of dictionaries with

        - "user": (B,) int32;
        - "positive": (B,) int32;
        - "negative": (B,) int32, or (M,) int32 if they are shared;
        - "mask", with shared negatives: (B, M) float32, 0 where the negative is in the user's
          training set or is not on sale on the day of the positive, and 1 elsewhere;
        - "picture", with `pictures`: (B + B, H, W, 3) or (B + M, H, W, 3) float32 in [-1, 1],
          positives first; features are (B + B, F) or (B + M, F) float32, as they are;
        - "history", with `history`: (B, `history`) int32 without the positive, padded with -1;
        - in a `TemporalSplit` "month": (B,) int32, months of the positives (`months_of_days`), and
          with `history` "history_age": (B, `history`) int32, how many days before the positive its
          items were bought.

        With several replicas B and M are those of one replica, except for the columns of "mask",
        which are the negatives of all replicas.

    Raises:
        InputError: If a user has every item in training, which leaves no negative, or if
            `batch_size` or `negatives` is not a multiple of the number of replicas.
        ValueError: If features are to be mirrored.

    Example:
        >>> train = np.array([[0, 1], [0, 2], [1, 0]], np.int32)
        >>> held_out = np.empty((0, 2), np.int32)
        >>> split = Split(num_users=2, num_items=5, train=train, validation=held_out, test=held_out)
        >>> dataset = triplets(split, batch_size=4, seed=0)
        >>> batch = next(iter(dataset))
        >>> {name: tuple(values.shape) for name, values in batch.items()}
        {'user': (4,), 'positive': (4,), 'negative': (4,)}
        >>> split.steps(batch_size=4)
        1
    """
    if flip and pictures is not None and _are_features(pictures):
        raise ValueError("flip=True mirrors pictures, and features cannot be mirrored")
    candidates = split.negatives()
    all_alike = bool(np.all(candidates.counts == len(candidates.items)))
    on_sale, num_on_sale, days, last_days = map(tf.constant, candidates)
    interactions = tf.constant(split.train)
    known_pairs = tf.constant(np.sort(_pair_keys(split.train, split.num_items)))
    for shared in (batch_size, negatives):
        require_divisible(shared, num_input_replicas(context))
    others = Histories(split, history) if history else None
    months = None
    if isinstance(split, TemporalSplit):
        months = tf.constant(months_of_days(split.train_days))

    def is_positive(user: tf.Tensor, item: tf.Tensor) -> tf.Tensor:
        keys = tf.cast(user, tf.int64) * split.num_items + tf.cast(item, tf.int64)
        at = tf.searchsorted(known_pairs, tf.reshape(keys, [-1]))
        found = tf.gather(known_pairs, tf.minimum(at, len(split.train) - 1))
        return tf.reshape(found, tf.shape(keys)) == keys

    def uniform(step: tf.Tensor, stream: tf.Tensor | int, size: int, end: int) -> tf.Tensor:
        key = _key(seed, step, stream)
        return tf.random.stateless_uniform([size], key, maxval=end, dtype=tf.int32)

    def own_negatives(row: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        user = tf.gather(interactions[:, 0], row)

        def is_excluded(negative: tf.Tensor) -> tf.Tensor:
            gone = tf.gather(last_days, negative) < tf.gather(days, row)
            return is_positive(user, negative) | gone

        def draw(stream: tf.Tensor | int) -> tf.Tensor:
            if all_alike:
                place = uniform(step, stream, batch_size, len(candidates.items))
            else:
                place = uniform(step, stream, batch_size, np.iinfo(np.int32).max)
                place %= tf.gather(num_on_sale, row)
            return tf.gather(on_sale, place)

        def redraw(stream: tf.Tensor, negative: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return stream + 1, tf.where(is_excluded(negative), draw(stream), negative)

        _, negative = tf.while_loop(
            lambda _, negative: tf.reduce_any(is_excluded(negative)),
            redraw,
            (tf.constant(NEGATIVE + 1), draw(NEGATIVE)),
        )
        return negative

    def make_batch(step: tf.Tensor, replica: tf.Tensor) -> dict[str, tf.Tensor]:
        # Every replica draws the whole batch, which is cheap, and takes its part of it.
        mine = replica_row_indices(batch_size, replica, context)
        rows = uniform(step, POSITIVE, batch_size, len(split.train))
        row = tf.gather(rows, mine)
        user, positive = tf.unstack(tf.gather(interactions, row), axis=1)
        batch = {"user": user, "positive": positive}
        if negatives:
            which = replica_row_indices(negatives, replica, context)
            place = uniform(step, NEGATIVE, negatives, len(candidates.items))
            negative = tf.gather(on_sale, place)
            bought = is_positive(user[:, None], negative[None])
            is_on_sale = place[None] < tf.gather(num_on_sale, row)[:, None]
            is_on_sale &= tf.gather(last_days, negative)[None] >= tf.gather(days, row)[:, None]
            batch |= {
                "negative": tf.gather(negative, which),
                "mask": tf.cast(is_on_sale & ~bought, tf.float32),
            }
        else:
            which = mine
            batch["negative"] = tf.gather(own_negatives(rows, step), mine)
        if others is not None:
            place = uniform(step, HISTORY, batch_size, np.iinfo(np.int32).max)
            batch["history"], ages = others.draw(row, tf.gather(place, mine))
            if months is not None:
                batch["history_age"] = ages
        if months is not None:
            batch["month"] = tf.gather(months, row)
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
    features: np.ndarray | None = None,
    category_power: float = 1.0,
) -> tf.data.Dataset:
    """Creates an infinite dataset of pictures with their categories, shuffled in each epoch.

    An epoch has I // B batches. The pictures that it leaves over take part in other epochs. With a
    `category_power` below 1, pictures are instead drawn with replacement, those of rare categories
    more often than in proportion. Batch k depends on `seed` and k alone, see
    `keras_fashion.data.batches.endless_batches`; no permutation of all items is held in memory.

    Args:
        pictures: (I, H, W, 3) uint8.
        item_categories: (I,) integers.
        batch_size: B, number of pictures in a global batch, at most I.
        seed: Integer that decides the order and which pictures are mirrored.
        flip: Whether to mirror each picture left to right with probability 0.5.
        start: Number of the first batch, which is the number of steps trained so far.
        context: Input context of a distributed strategy. Each replica gets its part of every batch.
        features: (I, ...) numbers of the items, from which references are drawn: for each picture
            of the global batch, `REFERENCES` items of its category, with replacement.
        category_power: Power of the number of pictures of a category to which the probability of
            the category is proportional.

    Returns:
        A dataset of tuples: pictures (B, H, W, 3) float32 in [-1, 1] and categories (B,) int32;
        with `features`, also the features of the references, (R, ...) float32, and their
        categories, (R,) int32, which are the same on all replicas.

    Raises:
        InputError: If `batch_size` is not a multiple of the number of replicas.
        ValueError: If `batch_size` is larger than the number of pictures.

    Example:
        >>> pictures = np.zeros((6, 8, 8, 3), np.uint8)
        >>> dataset = labeled_pictures(pictures, np.arange(6), batch_size=3, seed=0)
        >>> epoch = list(dataset.take(2).as_numpy_iterator())
        >>> epoch[0][0].shape
        (3, 8, 8, 3)
        >>> sorted(int(category) for _, categories in epoch for category in categories)
        [0, 1, 2, 3, 4, 5]
    """
    categories = tf.constant(item_categories, tf.int32)
    require_divisible(batch_size, num_input_replicas(context))
    steps = len(pictures) // batch_size
    if not steps:
        raise ValueError(f"{len(pictures)} pictures do not make a batch of {batch_size}")

    by_category = tf.constant(np.argsort(item_categories, kind="stable"), tf.int32)
    counts = np.bincount(item_categories)
    sizes, firsts = (tf.constant(each, tf.int32) for each in (counts, np.cumsum(counts) - counts))
    powers = np.where(counts > 0, np.maximum(counts, 1) ** category_power, 0.0)
    shares = tf.constant(np.cumsum(powers) / powers.sum(), tf.float32)

    def drawn_items(category: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """Draws an item of each category, uniformly."""
        size = tf.gather(sizes, category)
        place = tf.random.stateless_uniform(tf.shape(category), key) * tf.cast(size, tf.float32)
        # A product may be rounded up to the size itself.
        within = tf.minimum(tf.cast(place, tf.int32), size - 1)
        return tf.gather(by_category, tf.gather(firsts, category) + within)

    def items_of_batch(step: tf.Tensor) -> tf.Tensor:
        if category_power == 1:
            place = step % steps * batch_size + tf.range(batch_size, dtype=tf.int64)
            order = tf.cast(tf.stack([tf.constant(seed, tf.int64), step // steps]), tf.int64)
            return tf.random.experimental.index_shuffle(place, order, len(pictures) - 1)
        drawn = tf.random.stateless_uniform([batch_size], _key(seed, step, CATEGORY))
        category = tf.searchsorted(shares[:-1], drawn, side="right")
        return tf.cast(drawn_items(category, _key(seed, step, ITEM)), tf.int64)

    def make_batch(step: tf.Tensor, replica: tf.Tensor) -> tuple[tf.Tensor, ...]:
        mine = replica_row_indices(batch_size, replica, context)
        everything = items_of_batch(step)
        items = tf.gather(everything, mine)
        batch = _scaled(pictures, items)
        if flip:
            mirrored = tf.random.stateless_uniform([batch_size], _key(seed, step, FLIP)) < 0.5
            batch = _mirror(batch, tf.gather(mirrored, mine))
        if features is None:
            return batch, tf.gather(categories, items)
        category = tf.repeat(tf.gather(categories, everything), REFERENCES)
        references = drawn_items(category, _key(seed, step, REFERENCE))
        rows = _rows(features, references, np.float32)
        return batch, tf.gather(categories, items), rows, category

    return endless_batches(make_batch, start, context)


def picture_batches(
    pictures: Pictures, batch_size: int = 256, items: slice = slice(None)
) -> tf.data.Dataset:
    """Creates a dataset of all pictures in the order of their items.

    Args:
        pictures: (I, H, W, 3) uint8, or (I, F) float features in their place.
        batch_size: B, number of pictures in a batch; the last batch may be smaller.
        items: Slice of the items whose pictures to return, by default all.

    Returns:
        A dataset of (B, H, W, 3) float32 in [-1, 1], or of (B, F) float32, features as they are.

    Example:
        >>> pictures = np.zeros((5, 8, 8, 3), np.uint8)
        >>> [batch.shape[0] for batch in picture_batches(pictures, batch_size=2)]
        [2, 2, 1]
    """
    return (
        tf.data.Dataset.range(*items.indices(len(pictures)))
        .batch(batch_size)
        .map(lambda items: _scaled(pictures, items), num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
    )


def _pair_keys(pairs: np.ndarray, num_items: int) -> np.ndarray:
    """Returns an int64 for each (user, item) that no other pair has."""
    return pairs[:, 0].astype(np.int64) * num_items + pairs[:, 1]


def _key(seed: int, step: tf.Tensor, stream: tf.Tensor | int) -> tf.Tensor:
    """Returns the seed of a stateless random operation, which differs by run, step and stream."""
    batch = tf.stack([tf.constant(seed, tf.int64), step])
    return tf.random.experimental.stateless_fold_in(batch, stream)


def _are_features(pictures: Pictures) -> bool:
    return len(pictures.shape) == 2


def _scaled(pictures: Pictures, items: tf.Tensor) -> tf.Tensor:
    if _are_features(pictures):
        return _rows(pictures, items, np.float32)
    return scale(_rows(pictures, items, np.uint8))


def _rows(table: Pictures, items: tf.Tensor, dtype: type[np.generic]) -> tf.Tensor:
    # One call for each batch was the fastest of what was measured. The table itself does not become
    # part of the graph.
    rows = tf.numpy_function(
        lambda index: table[index].astype(dtype, copy=False), [items], dtype, stateful=False
    )
    return tf.ensure_shape(rows, [*items.shape, *table.shape[1:]])


def _mirror(pictures: tf.Tensor, mirrored: tf.Tensor) -> tf.Tensor:
    return tf.where(mirrored[:, None, None, None], pictures[:, :, ::-1], pictures)
