"""Image encoders: the networks that make an item's embedding of its picture."""

import keras
import tensorflow as tf
from keras import layers

from keras_fashion.distribution.global_batch import own_rows, replicas


@keras.saving.register_keras_serializable(package="keras_fashion")
class BatchDropout(keras.layers.Dropout):
    """`keras.layers.Dropout` whose mask is drawn for the whole batch.

    Keras's own draws the same mask on every replica: their parts of a batch lose the same units.

    Args:
        rate: Share of units that are dropped.
    """

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Drops units of (B, ...) float."""
        if not training or not self.rate:
            return inputs
        batch = tf.ones([tf.shape(inputs)[0] * replicas(), *inputs.shape[1:]], inputs.dtype)
        return inputs * own_rows(keras.random.dropout(batch, self.rate, seed=self.seed_generator))


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


@keras.saving.register_keras_serializable(package="keras_fashion")
class CompactEncoder(ImageEncoder):
    """Four strided convolutions with batch normalization, one dense layer over all positions.

    The dense layer sees where things are, as CNN-F's full6 does: lengths of sleeves and hems
    would be lost in a global average.

    Args:
        embedding_size: K, length of Phi(X).
        picture_size: Height and width in pixels.
        width: Filters of the first convolution; doubled at each of the next two.
        dropout: Share of the last feature map dropped before the dense layer.
    """

    def __init__(
        self,
        embedding_size: int = 50,
        picture_size: tuple[int, int] = (32, 32),
        width: int = 24,
        dropout: float = 0.2,
        **kwargs,
    ) -> None:
        def convolution(filters: int, kernel: int) -> list[layers.Layer]:
            return [
                layers.Conv2D(filters, kernel, strides=2, padding="same", use_bias=False),
                # A few epochs on a small catalogue are too few steps for Keras's 0.99.
                layers.BatchNormalization(momentum=0.95, synchronized=True),
                layers.ReLU(),
            ]

        stack = [
            *convolution(width, 5),
            *convolution(2 * width, 3),
            *convolution(4 * width, 3),
            *convolution(4 * width, 3),
            layers.Flatten(),
            BatchDropout(dropout),
            # BPR cannot learn a bias here: it cancels in x_ui - x_uj.
            layers.Dense(embedding_size, use_bias=False),
        ]
        super().__init__(stack, embedding_size, picture_size, **kwargs)
        self.width = width
        self.dropout = dropout

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "width": self.width,
            "dropout": self.dropout,
        }


@keras.saving.register_keras_serializable(package="keras_fashion")
class CNNF(ImageEncoder):
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
        def convolution(filters: int, kernel: int, strides: int = 1) -> layers.Layer:
            return layers.Conv2D(filters, kernel, strides, padding="same", activation="relu")

        def pool() -> layers.Layer:
            return layers.MaxPooling2D(2, padding="same")

        stack = [
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
            BatchDropout(dropout),
            layers.Dense(dense_size, activation="relu"),
            BatchDropout(dropout),
            layers.Dense(embedding_size),
        ]
        super().__init__(stack, embedding_size, picture_size, **kwargs)
        self.dense_size = dense_size
        self.dropout = dropout

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "dense_size": self.dense_size,
            "dropout": self.dropout,
        }
