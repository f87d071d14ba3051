"""Image encoders: networks that compute the embedding of an item from its picture."""

from typing import Any, TypeAlias

import keras
import tensorflow as tf
from keras import layers

from keras_fashion.distribution.global_batch import local_rows, num_replicas

Seed: TypeAlias = int | keras.random.SeedGenerator | None


@keras.saving.register_keras_serializable(package="keras_fashion")
class BatchDropout(keras.layers.Dropout):
    """`keras.layers.Dropout` that draws its mask for the global batch.

    Keras's own layer draws the same mask on every replica, so that the replicas' parts of a batch
    lose the same units.

    Args:
        rate: Share of units that are dropped.
        seed: Integer seed; None draws one from Keras's global state.
        **kwargs: Other arguments of `keras.layers.Dropout`.

    Example:
        >>> layer = BatchDropout(0.5, seed=1)
        >>> sorted(set(layer(tf.ones((4, 8)), training=True).numpy().ravel().tolist()))
        [0.0, 2.0]
    """

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Drops units of (B, ...) float."""
        if not training or not self.rate:
            return inputs
        batch = tf.ones([tf.shape(inputs)[0] * num_replicas(), *inputs.shape[1:]], inputs.dtype)
        return inputs * local_rows(keras.random.dropout(batch, self.rate, seed=self.seed_generator))


@keras.saving.register_keras_serializable(package="keras_fashion")
class EmbeddingHead(keras.layers.Layer):
    """Embeds features by a linear map, and a network with one hidden layer beside it.

        Φ = E z + W₂ relu(normalize(W₁ z))

    The linear map is the embedding of VBPR. W₂ begins as 0, so that training begins with the linear
    map, and the hidden layer adds what is not linear in the features (He et al., "Deep Residual
    Learning for Image Recognition", CVPR 2016). The hidden units are normalized over the batch.

    Args:
        embedding_size: K, length of Φ.
        hidden_size: Number of hidden units; 0 for the linear map alone.
        dropout: Share of the hidden units that are dropped in training.
        initializer: Initializer of E; by default Glorot's uniform one.
        seed: Integer or `keras.random.SeedGenerator` for the initial weights and the dropout; None
            draws seeds from Keras's global state.
        **kwargs: Arguments of `keras.layers.Layer`.

    Example:
        >>> head = EmbeddingHead(embedding_size=2, hidden_size=8, seed=0)
        >>> head(tf.ones((3, 5))).shape
        TensorShape([3, 2])
    """

    def __init__(
        self,
        embedding_size: int,
        hidden_size: int,
        dropout: float = 0.3,
        initializer: str | None = None,
        seed: Seed = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        generator = seed_generator(seed)
        self.embedding_size = embedding_size
        self.hidden_size = hidden_size

        def dense(units: int, initializer: Any = None) -> layers.Dense:
            initializer = initializer or keras.initializers.GlorotUniform(generator)
            return layers.Dense(units, use_bias=False, kernel_initializer=initializer)

        self.linear = dense(embedding_size, initializer)
        if hidden_size:
            self.hidden = dense(hidden_size)
            self.normalization = layers.BatchNormalization(momentum=0.95, synchronized=True)
            self.dropout = BatchDropout(dropout, seed=draw_seed(generator))
            self.output_layer = dense(embedding_size, "zeros")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for features of shape (None, F)."""
        self.linear.build(input_shape)
        if self.hidden_size:
            self.hidden.build(input_shape)
            for layer in (self.normalization, self.dropout, self.output_layer):
                layer.build((None, self.hidden_size))
        self.built = True

    def call(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Computes Φ: (B, F) float to (B, K) float."""
        embedding = self.linear(features)
        if not self.hidden_size:
            return embedding
        hidden = self.normalization(self.hidden(features), training=training)
        hidden = self.dropout(tf.nn.relu(hidden), training=training)
        return embedding + self.output_layer(hidden)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments; the seed only decides the initial weights."""
        config = super().get_config() | {
            "embedding_size": self.embedding_size,
            "hidden_size": self.hidden_size,
        }
        return config | ({"dropout": self.dropout.rate} if self.hidden_size else {})


class ImageEncoder(keras.Model):
    """Base class of encoders Φ from a picture to its embedding.

    A subclass gives the layers in their order.

    Args:
        stack: Layers.
        embedding_size: K, length of Φ(X).
        picture_size: Height and width in pixels.
        seed: Seed that the layers were made with; recorded in the config if it is an integer.
        **kwargs: Arguments of `keras.Model`.

    Call arguments:
        picture: (B, H, W, 3) float32 in [-1, 1].
        training: Whether the encoder is being trained.

    Returns:
        Φ(X), (B, K) float32.

    Example:
        >>> class LinearEncoder(ImageEncoder):
        ...     def __init__(self):
        ...         super().__init__([layers.Flatten(), layers.Dense(5)], 5, (16, 16))
        >>> LinearEncoder()(tf.zeros((2, 16, 16, 3))).shape
        TensorShape([2, 5])
    """

    def __init__(
        self,
        stack: list[layers.Layer],
        embedding_size: int,
        picture_size: tuple[int, int],
        seed: Seed = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.stack = keras.Sequential(stack)
        self.embedding_size = embedding_size
        height, width = picture_size
        self.picture_size = (height, width)
        self.seed = seed if isinstance(seed, int) else None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for pictures of shape (None, H, W, 3)."""
        self.stack.build(input_shape)
        self.built = True

    def call(self, picture: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Computes Φ(X): (B, H, W, 3) float32 in [-1, 1] to (B, K) float32."""
        return self.stack(picture, training=training)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments of every encoder, to which a subclass adds its own."""
        config = super().get_config() | {
            "embedding_size": self.embedding_size,
            "picture_size": self.picture_size,
        }
        return config if self.seed is None else config | {"seed": self.seed}


@keras.saving.register_keras_serializable(package="keras_fashion")
class CompactEncoder(ImageEncoder):
    """Four strided convolutions with batch normalization, and a dense layer over all positions.

    The dense layer distinguishes positions, as full6 of CNN-F does. A global average would lose
    the lengths of sleeves and hems.

    Args:
        embedding_size: K, length of Φ(X).
        picture_size: Height and width in pixels.
        width: Number of filters of the first convolution; doubled at each of the next two.
        dropout: Share of the last feature map that is dropped before the dense layer.
        hidden_size: Number of units of a hidden layer beside the dense layer (`EmbeddingHead`); 0
            for the dense layer alone.
        seed: Integer or `keras.random.SeedGenerator` for the initial weights and the dropout; None
            draws seeds from Keras's global state.
        **kwargs: Arguments of `keras.Model`.

    Example:
        >>> encoder = CompactEncoder(embedding_size=5, picture_size=(32, 16), width=2, seed=0)
        >>> encoder(tf.zeros((3, 32, 16, 3))).shape
        TensorShape([3, 5])
    """

    def __init__(
        self,
        embedding_size: int = 50,
        picture_size: tuple[int, int] = (32, 32),
        width: int = 24,
        dropout: float = 0.2,
        hidden_size: int = 0,
        seed: Seed = None,
        **kwargs: Any,
    ) -> None:
        generator = seed_generator(seed)

        def convolution(filters: int, kernel: int) -> list[layers.Layer]:
            return [
                layers.Conv2D(
                    filters,
                    kernel,
                    strides=2,
                    padding="same",
                    use_bias=False,
                    kernel_initializer=keras.initializers.GlorotUniform(generator),
                ),
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
            BatchDropout(dropout, seed=draw_seed(generator)),
            # BPR cannot learn a bias here, because it cancels in x_ui - x_uj.
            EmbeddingHead(embedding_size, hidden_size, seed=generator)
            if hidden_size
            else layers.Dense(
                embedding_size,
                use_bias=False,
                kernel_initializer=keras.initializers.GlorotUniform(generator),
            ),
        ]
        super().__init__(stack, embedding_size, picture_size, seed, **kwargs)
        self.width = width
        self.dropout = dropout
        self.hidden_size = hidden_size

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return super().get_config() | {
            "width": self.width,
            "dropout": self.dropout,
            "hidden_size": self.hidden_size,
        }


@keras.saving.register_keras_serializable(package="keras_fashion")
class CNNF(ImageEncoder):
    """Five convolutions and three dense layers over 224x224 pictures (ICDM 2017, table II).

    As in the released code, every convolution and pooling pads with SAME (the paper's table says
    0 for the first), so that the input of full6 is 7x7x256. It has 70.8 M parameters at K = 100.

    Args:
        embedding_size: K, length of Φ(X).
        picture_size: Height and width in pixels.
        dense_size: Number of units of full6 and full7.
        dropout: Share of units that are dropped after full6 and full7.
        seed: Integer or `keras.random.SeedGenerator` for the initial weights and the dropout; None
            draws seeds from Keras's global state.
        **kwargs: Arguments of `keras.Model`.

    Example:
        >>> encoder = CNNF(embedding_size=5, picture_size=(32, 32), dense_size=8, seed=0)
        >>> encoder(tf.zeros((3, 32, 32, 3))).shape
        TensorShape([3, 5])
    """

    def __init__(
        self,
        embedding_size: int = 100,
        picture_size: tuple[int, int] = (224, 224),
        dense_size: int = 4096,
        dropout: float = 0.5,
        seed: Seed = None,
        **kwargs: Any,
    ) -> None:
        generator = seed_generator(seed)

        def convolution(filters: int, kernel: int, strides: int = 1) -> layers.Layer:
            initializer = keras.initializers.GlorotUniform(generator)
            return layers.Conv2D(
                filters,
                kernel,
                strides,
                padding="same",
                activation="relu",
                kernel_initializer=initializer,
            )

        def dense(units: int, activation: str | None = None) -> layers.Layer:
            initializer = keras.initializers.GlorotUniform(generator)
            return layers.Dense(units, activation, kernel_initializer=initializer)

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
            dense(dense_size, "relu"),
            BatchDropout(dropout, seed=draw_seed(generator)),
            dense(dense_size, "relu"),
            BatchDropout(dropout, seed=draw_seed(generator)),
            dense(embedding_size),
        ]
        super().__init__(stack, embedding_size, picture_size, seed, **kwargs)
        self.dense_size = dense_size
        self.dropout = dropout

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return super().get_config() | {
            "dense_size": self.dense_size,
            "dropout": self.dropout,
        }


def seed_generator(seed: Seed) -> keras.random.SeedGenerator | None:
    """Returns a generator from which the seeds of all layers of an encoder follow.

    Args:
        seed: Integer or generator; None draws the seeds from Keras's global state.

    Returns:
        A new generator for an integer, and otherwise what was given.

    Example:
        >>> seed_generator(None) is None
        True
    """
    return keras.random.SeedGenerator(seed) if isinstance(seed, int) else seed


def draw_seed(generator: keras.random.SeedGenerator | None) -> int | None:
    """Draws the integer seed of a layer that does not take a generator.

    Args:
        generator: Generator; None leaves the seed to Keras's global state.

    Returns:
        The seed, or None.

    Example:
        >>> draw_seed(seed_generator(1)) == draw_seed(seed_generator(1))
        True
    """
    if generator is None:
        return None
    return int(keras.random.randint((), 0, 2**31 - 1, dtype="int32", seed=generator))
