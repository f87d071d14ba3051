"""An image encoder whose network is frozen: only a head over its outputs is trained."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from typing_extensions import Self

from keras_fashion.errors import InputError
from keras_fashion.models.backbones import backbone
from keras_fashion.models.encoders import (
    BatchDropout,
    EmbeddingHead,
    ImageEncoder,
    Seed,
    draw_seed,
    seed_generator,
)
from keras_fashion.models.principal_components import principal_projection
from keras_fashion.models.vbpr import FEATURE_NORM

LEAST_PICTURE_SIZE = 64
"""Least height and width in pixels: the last stage halves a picture five times, and an average over
less than 2x2 positions says nothing about the rest of the picture."""

WHITENING = 0.25
"""Power of the eigenvalues: half way from the components' own variances (0) to equal ones (0.5)."""


@keras.saving.register_keras_serializable(package="keras_fashion")
class PretrainedEncoder(ImageEncoder):
    """Φ(X) = `EmbeddingHead` of f(X), f(X) principal components of a frozen network.

    The network gives the averages of several of its feature maps over the picture. Because it is
    not trained, its averages may be computed once and be given in the place of the pictures: then
    a step of training costs as much as one of `VBPR`. Designs give pictures, in which Φ can be
    differentiated.

    E starts as the leading components and W₂ as zeros, so that training starts from the principal
    components: an untrained encoder embeds items as `VBPR` does. Components and hidden units are
    dropped in training, since a catalogue has few items for the number of weights.

    Args:
        network: Model from pictures (B, H, W, 3) float32 in [-1, 1] to a list of (B, C) float32,
            such as `backbone` gives; it is frozen. It is saved with the encoder.
        embedding_size: K, length of Φ(X).
        hidden_size: Number of hidden units of the head; 0 for a linear head.
        dropout: Share of components and of hidden units that are dropped.
        seed: Integer or `keras.random.SeedGenerator` for the initial weights and the dropout; None
            draws seeds from Keras's global state.
        **kwargs: Arguments of `keras.Model`.

    Attributes:
        network: The frozen network.
        num_averages: F, number of averages of a picture.

    Call arguments:
        picture: (B, H, W, 3) float32 in [-1, 1], or (B, F) float32, the averages of pictures.
        training: Whether the encoder is being trained.

    Returns:
        Φ(X), (B, K) float32.

    Example:
        >>> pictures = keras.Input((64, 64, 3))
        >>> network = keras.Model(pictures, [keras.layers.GlobalAveragePooling2D()(pictures)])
        >>> encoder = PretrainedEncoder(network, embedding_size=2, hidden_size=4, seed=0)
        >>> some = tf.random.stateless_uniform((5, 64, 64, 3), seed=(0, 1))
        >>> averages = encoder.averages(some)
        >>> encoder.adapt(averages.numpy())
        >>> encoder(some).shape, bool(tf.reduce_all(encoder(some) == encoder(averages)))
        (TensorShape([5, 2]), True)
    """

    def __init__(
        self,
        network: keras.Model,
        embedding_size: int = 50,
        hidden_size: int = 512,
        dropout: float = 0.3,
        seed: Seed = None,
        **kwargs: Any,
    ) -> None:
        generator = seed_generator(seed)
        head = [
            BatchDropout(dropout, seed=draw_seed(generator)),
            EmbeddingHead(embedding_size, hidden_size, dropout, "identity", generator),
        ]
        super().__init__(head, embedding_size, network.input_shape[1:3], seed, **kwargs)
        network.trainable = False
        self.network = network
        self.num_averages = sum(each.shape[-1] for each in network.outputs)
        self.hidden_size = hidden_size
        self.dropout = dropout
        self.center = self.add_weight(
            name="center", shape=(self.num_averages,), initializer="zeros", trainable=False
        )
        self.projection = self.add_weight(
            name="projection",
            shape=(self.num_averages, self.num_averages),
            initializer="identity",
            trainable=False,
        )
        self.build((None, *self.picture_size, 3))

    @classmethod
    def from_backbone(
        cls,
        name: str,
        picture_size: tuple[int, int],
        embedding_size: int = 50,
        hidden_size: int = 512,
        weights: str | Path = "imagenet",
        seed: Seed = None,
    ) -> Self:
        """Creates an encoder with one of the pretrained networks of `BACKBONES`.

        Args:
            name: Name of the network, such as "efficientnet-lite0".
            picture_size: Height and width in pixels.
            embedding_size: K, length of Φ(X).
            hidden_size: Number of hidden units of the head; 0 for a linear head.
            weights: "imagenet" or the path of a file; see `backbone`.
            seed: Seed of the initial weights and the dropout.

        Raises:
            InputError: If the pictures are too small, or for the reasons that `backbone` has.

        Example:
            >>> PretrainedEncoder.from_backbone("efficientnet-lite0", (32, 32))
            Traceback (most recent call last):
            ...
            keras_fashion.errors.InputError: `encoder` efficientnet-lite0 needs a `picture_size` ...
        """
        if min(picture_size) < LEAST_PICTURE_SIZE:
            raise InputError(
                f"`encoder` {name} needs a `picture_size` of {LEAST_PICTURE_SIZE} or more, not "
                f"{min(picture_size)}: it halves a picture five times; 96 or more is better."
            )
        network = backbone(name, weights, picture_size)
        return cls(network, embedding_size, hidden_size, seed=seed)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights of the head; they do not depend on the shape of the input."""
        if not self.stack.built:
            self.stack.build((None, self.num_averages))
        self.built = True

    def adapt(self, averages: np.ndarray) -> None:
        """Sets the center and the projection to the principal components of a catalogue's averages.

        Args:
            averages: (I, F) float, those of all items.
        """
        center, projection = principal_projection(averages, self.num_averages, WHITENING)
        self.center.assign(center)
        self.projection.assign(projection * FEATURE_NORM**0.5)

    def averages(self, picture: tf.Tensor) -> tf.Tensor:
        """Computes the averages of the network: (B, H, W, 3) float32 to (B, F) float32."""
        return tf.concat(self.network(picture, training=False), axis=1)

    def call(self, picture: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Computes Φ(X): (B, H, W, 3) in [-1, 1], or averages (B, F), to (B, K) float32."""
        averages = picture if len(picture.shape) == 2 else self.averages(picture)
        components = (averages - self.center.value) @ self.projection.value
        return self.stack(components, training=training)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments, with the structure of the network."""
        config = super().get_config() | {
            "network": keras.saving.serialize_keras_object(self.network),
            "hidden_size": self.hidden_size,
            "dropout": self.dropout,
        }
        del config["picture_size"]  # It is that of the network.
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Creates an encoder of the same structure, untrained."""
        network = keras.saving.deserialize_keras_object(config["network"])
        return cls(**(config | {"network": network}))
