"""CNN-F, the paper's image encoder."""

import keras
from keras import layers

from keras_fashion.models.batch_dropout import BatchDropout
from keras_fashion.models.image_encoder import ImageEncoder


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
