"""CNN-F, the paper's image encoder."""

import keras
import tensorflow as tf
from keras import layers


@keras.saving.register_keras_serializable(package="keras_fashion")
class CNNF(keras.Model):
    """Five convolutions and three dense layers over 224x224 pictures (ICDM 2017, table II).

    As in the released code, every convolution and pooling pads with SAME (the paper's table says
    0 for the first), so that full6 sees 7x7x256. 70.8 M parameters at K = 100.

    Args:
        embedding_size: K, length of Phi(X).
        picture_size: Height and width in pixels.
        dense_size: Units of full6 and full7.
        dropout: Share of units dropped after full6 and full7.
    """

    def __init__(
        self,
        embedding_size: int = 100,
        picture_size: tuple[int, int] = (224, 224),
        dense_size: int = 4096,
        dropout: float = 0.5,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.embedding_size = embedding_size
        self.picture_size = tuple(picture_size)
        self.dense_size = dense_size
        self.dropout = dropout

        def convolution(filters: int, kernel: int, strides: int = 1) -> layers.Layer:
            return layers.Conv2D(filters, kernel, strides, padding="same", activation="relu")

        def pool() -> layers.Layer:
            return layers.MaxPooling2D(2, padding="same")

        self.stack = keras.Sequential(
            [
                convolution(64, 11, strides=4),
                pool(),
                convolution(256, 5),
                pool(),
                convolution(256, 3),
                convolution(256, 3),
                convolution(256, 3),
                pool(),
                layers.Flatten(),
                layers.Dense(dense_size, activation="relu"),
                layers.Dropout(dropout),
                layers.Dense(dense_size, activation="relu"),
                layers.Dropout(dropout),
                layers.Dense(embedding_size),
            ]
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the weights for (None, H, W, 3)."""
        self.stack.build(input_shape)
        self.built = True

    def call(self, picture: tf.Tensor, training: bool = False) -> tf.Tensor:
        """(B, H, W, 3) in [-1, 1] to Phi(X): (B, K)."""
        return self.stack(picture, training=training)

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "embedding_size": self.embedding_size,
            "picture_size": self.picture_size,
            "dense_size": self.dense_size,
            "dropout": self.dropout,
        }
