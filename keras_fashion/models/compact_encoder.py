"""A compact image encoder for small pictures, quick enough to train on a processor."""

import keras
from keras import layers

from keras_fashion.models.batch_dropout import BatchDropout
from keras_fashion.models.image_encoder import ImageEncoder


@keras.saving.register_keras_serializable(package="keras_fashion")
class CompactEncoder(ImageEncoder):
    """Four strided convolutions with batch normalisation, one dense layer over all positions.

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
