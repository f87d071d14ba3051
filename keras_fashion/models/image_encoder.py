"""The abstract base of image encoders: what DVBPR asks of Phi."""

import keras
import tensorflow as tf
from keras import layers


class ImageEncoder(keras.Model):
    """Phi: a picture to its style embedding. A subclass says which layers, in their order.

    Args:
        stack: The layers.
        embedding_size: K, length of Phi(X).
        picture_size: Height and width in pixels.
    """

    def __init__(
        self,
        stack: list[layers.Layer],
        embedding_size: int,
        picture_size: tuple[int, int],
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.stack = keras.Sequential(stack)
        self.embedding_size = embedding_size
        self.picture_size = tuple(picture_size)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the weights for (None, H, W, 3)."""
        self.stack.build(input_shape)
        self.built = True

    def call(self, picture: tf.Tensor, training: bool = False) -> tf.Tensor:
        """(B, H, W, 3) in [-1, 1] to Phi(X): (B, K)."""
        return self.stack(picture, training=training)

    def get_config(self) -> dict:
        """Constructor arguments of every encoder; a subclass adds its own."""
        return super().get_config() | {
            "embedding_size": self.embedding_size,
            "picture_size": self.picture_size,
        }
