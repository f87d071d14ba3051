"""What each user bought, to draw from."""

import numpy as np
import tensorflow as tf

from keras_fashion.catalogue.split import Split


class Histories:
    """Training items of each user.

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
