"""The generator of the default preset."""

from typing import Any

import keras
from keras import layers, ops

from keras_fashion.errors import InputError
from keras_fashion.models.batch_normalization import BatchNormalization

DOWNSAMPLING = 16
"""Factor between the size of a picture and that of the networks' smallest feature maps."""


def smallest_feature_map(picture_size: tuple[int, int]) -> tuple[int, int]:
    """Computes the height and width of the smallest feature maps, after four halvings.

    Args:
        picture_size: Height and width in pixels.

    Raises:
        InputError: If a side is not a positive multiple of 16.

    Example:
        >>> smallest_feature_map((64, 48))
        (4, 3)
    """
    height, width = picture_size
    if height % DOWNSAMPLING or width % DOWNSAMPLING or min(height, width) < DOWNSAMPLING:
        raise InputError(
            f"the height and width in `picture_size` must be divisible by {DOWNSAMPLING}, not "
            f"{height}x{width}."
        )
    return height // DOWNSAMPLING, width // DOWNSAMPLING


@keras.saving.register_keras_serializable(package="keras_fashion")
class ModulatedBatchNormalization(layers.Layer):
    """Batch normalization whose gain and bias are a linear function of a style vector.

    This is the self-modulation of Chen et al., "On Self Modulation for Generative Adversarial
    Networks", ICLR 2019, with the latent and the embedding of the category as style. The latent
    thereby reaches every layer, among them those that decide on the colors of a garment. With gains
    that depend on the category only, the pictures of a category have few different colors.

    Args:
        seed: Integer or `keras.random.SeedGenerator` for the initial weights.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        features: (B, h, w, C) float.
        style: (B, S) float.
        training: Whether to normalize by the statistics of the batch.

    Example:
        >>> layer = ModulatedBatchNormalization(seed=1)
        >>> layer(keras.ops.ones((2, 4, 4, 8)), keras.ops.ones((2, 3))).shape
        TensorShape([2, 4, 4, 8])
    """

    def __init__(self, seed: int | keras.random.SeedGenerator = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.initializer = keras.initializers.RandomNormal(stddev=0.02, seed=seed)
        self.normalize = BatchNormalization(momentum=0.9, epsilon=1e-5, center=False, scale=False)

    def build(self, features_shape: tuple[Any, ...], style_shape: tuple[Any, ...]) -> None:
        """Creates the moving statistics and the map from styles to gains and biases."""
        self.normalize.build(features_shape)
        self.modulate = layers.Dense(2 * features_shape[-1], kernel_initializer=self.initializer)
        self.modulate.build(style_shape)

    def call(
        self, features: keras.KerasTensor, style: keras.KerasTensor, training: bool = False
    ) -> keras.KerasTensor:
        """Normalizes features and modulates them by styles: (B, h, w, C) float."""
        gain, bias = ops.split(self.modulate(style)[:, None, None, :], 2, axis=-1)
        return self.normalize(features, training=training) * (1 + gain) + bias


def upsample_nearest(features: keras.KerasTensor) -> keras.KerasTensor:
    """Doubles the height and width of feature maps by repetition.

    `keras.layers.UpSampling2D` computes the same in sixty operations, and XLA has no gradient of
    the resize to the nearest neighbor.

    Args:
        features: (B, h, w, C) float.

    Returns:
        (B, 2 h, 2 w, C), of the same dtype.

    Example:
        >>> upsample_nearest(keras.ops.array([[[[1.0], [2.0]]]]))[0, :, :, 0].numpy().tolist()
        [[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]
    """
    _, height, width, channels = features.shape
    wide = ops.concatenate([features, features], axis=-1)
    rows = ops.reshape(wide, (-1, height, 2 * width * channels))
    tall = ops.concatenate([rows, rows], axis=-1)
    return ops.reshape(tall, (-1, 2 * height, 2 * width, channels))


@keras.saving.register_keras_serializable(package="keras_fashion")
class Generator(keras.Model):
    """The generator G(z, c) of the default preset: DCGAN, modulated by latent and category.

    Four transposed convolutions double the size from H / 16 x W / 16 to H x W (Radford et al.,
    "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
    Networks", ICLR 2016). After each of them except the last, a convolution refines the result, to
    which the upsampled input is added (He et al., "Deep Residual Learning for Image Recognition",
    CVPR 2016).

    Args:
        num_categories: Number of categories.
        picture_size: Height and width in pixels, each divisible by 16.
        latent_dim: Z, length of a latent z.
        width: Number of channels at half the picture's size; doubled at each halving.
        seed: Integer or `keras.random.SeedGenerator` for the initial weights.
        **kwargs: Arguments of `keras.Model`.

    Call arguments:
        inputs: `[latents, category]`, (B, Z) float32 and (B,) int32.
        training: Whether to normalize by the statistics of the batch.

    Returns:
        (B, H, W, 3) float32 pictures in [-1, 1], whatever the dtype policy.

    Raises:
        InputError: If the picture size is not divisible by 16.

    Example:
        >>> generator = Generator(num_categories=3, picture_size=(16, 32), latent_dim=5, width=2)
        >>> generator([ops.zeros((2, 5)), ops.array([0, 2])]).shape
        TensorShape([2, 16, 32, 3])
    """

    def __init__(
        self,
        num_categories: int,
        picture_size: tuple[int, int] = (64, 64),
        latent_dim: int = 100,
        width: int = 64,
        seed: int | keras.random.SeedGenerator = 0,
        **kwargs: Any,
    ) -> None:
        rows, columns = smallest_feature_map(picture_size)
        if isinstance(seed, int):
            seed = keras.random.SeedGenerator(seed)
        glorot = keras.initializers.GlorotUniform(seed)
        normal = keras.initializers.RandomNormal(stddev=1.0, seed=seed)

        latents = keras.Input((latent_dim,), name="latents")
        category = keras.Input((), dtype="int32", name="category")
        embedded = layers.Embedding(num_categories, 16, embeddings_initializer=normal)(category)
        style = layers.Concatenate()([latents, embedded])
        x = layers.Dense(rows * columns * 8 * width, use_bias=False, kernel_initializer=glorot)(
            style
        )
        x = layers.Reshape((rows, columns, 8 * width))(x)
        x = layers.ReLU()(ModulatedBatchNormalization(seed)(x, style))
        for channels in (4 * width, 2 * width, width):
            shortcut = layers.Conv2D(channels, 1, use_bias=False, kernel_initializer=glorot)(x)
            x = layers.Conv2DTranspose(
                channels, 4, 2, "same", use_bias=False, kernel_initializer=glorot
            )(x)
            x = layers.ReLU()(ModulatedBatchNormalization(seed)(x, style))
            x = layers.Conv2D(
                channels, 3, padding="same", use_bias=False, kernel_initializer=glorot
            )(x)
            x = layers.Add()([x, upsample_nearest(shortcut)])
            x = layers.ReLU()(ModulatedBatchNormalization(seed)(x, style))
        x = layers.Conv2DTranspose(3, 4, 2, "same", kernel_initializer=glorot)(x)
        # Metrics are computed from these pictures, so they are float32 under any dtype policy.
        pictures = layers.Activation("tanh", dtype="float32", name="pictures")(x)
        super().__init__([latents, category], pictures, **kwargs)

        self.num_categories = num_categories
        self.picture_size = tuple(picture_size)
        self.latent_dim = latent_dim
        self.width = width

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments except the seed of the weights, which are saved."""
        return {
            "num_categories": self.num_categories,
            "picture_size": self.picture_size,
            "latent_dim": self.latent_dim,
            "width": self.width,
            "name": self.name,
        }
