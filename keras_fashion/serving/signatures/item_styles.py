"""Where in an item's vector its style stands, and the mean of all styles."""

import tensorflow as tf

from keras_fashion.run import Run


class ItemStyles(tf.Module):
    """What is needed to compare the catalogue's styles with those of somebody or something new.

    Args:
        run: Of a `VisualRecommender`.

    Attributes:
        start: gamma, if any, comes first in a vector; what is new has a style only.
        mean: (K,) float32, over the catalogue.
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.start = run.model.latent_size
        styles = run.vectors.items[:, self.start :]
        self.mean = tf.Variable(styles.mean(axis=0), trainable=False, name="mean_style")
