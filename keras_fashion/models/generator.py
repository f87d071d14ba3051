"""The generator of the default preset."""

from typing import Any

import keras
from keras import layers, ops

from keras_fashion.errors import InputError
from keras_fashion.models.batch_normalization import BatchNormalization

HALVINGS = 4


def picture_grid(picture_size: tuple[int, int]) -> tuple[int, int]:
    """Height and width after four halvings.

    Args:
        picture_size: (H, W) in pixels.

    Raises:
        InputError: if a side is not a multiple of 16.
    """
    height, width = picture_size
    part = 2**HALVINGS
    if height % part or width % part or height < part or width < part:
        raise InputError(
            f"picture_size: height and width must be divisible by {part}, not {height}x{width}"
        )
    return height // part, width // part


@keras.saving.register_keras_serializable(package="keras_fashion")
class ModulatedBatchNormalization(layers.Layer):
    """Batch normalization whose gain and bias are read off a style vector.

    After Chen et al., "On Self Modulation for Generative Adversarial Networks", 2019: the latent
    (here beside the category) reaches every layer, so that it can say a garment's color where
    colors are made; with gains by category alone each category keeps to a few of them.

    Args:
        seed: `keras.random.SeedGenerator` or integer for the initial weights.
    """

    def __init__(self, seed: int | keras.random.SeedGenerator = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.initializer = keras.initializers.RandomNormal(stddev=0.02, seed=seed)
        self.normalize = BatchNormalization(momentum=0.9, epsilon=1e-5, center=False, scale=False)

    def build(self, features_shape: tuple, style_shape: tuple) -> None:
        """Makes the batch statistics and the map from style to gains and biases."""
        self.normalize.build(features_shape)
        self.modulate = layers.Dense(2 * features_shape[-1], kernel_initializer=self.initializer)
        self.modulate.build(style_shape)

    def call(
        self, features: keras.KerasTensor, style: keras.KerasTensor, training: bool = False
    ) -> keras.KerasTensor:
        """Normalizes (B, h, w, C) features by (B, S) styles."""
        gain, bias = ops.split(self.modulate(style)[:, None, None, :], 2, axis=-1)
        return self.normalize(features, training=training) * (1 + gain) + bias


def repeat(features: keras.KerasTensor) -> keras.KerasTensor:
    """Doubles height and width by repetition: (B, h, w, C) to (B, 2 h, 2 w, C).

    `layers.UpSampling2D` computes the same in sixty operations, and the gradient of a resize to
    the nearest neighbor is not there in XLA.
    """
    _, height, width, channels = features.shape
    wide = ops.concatenate([features, features], axis=-1)
    rows = ops.reshape(wide, (-1, height, 2 * width * channels))
    tall = ops.concatenate([rows, rows], axis=-1)
    return ops.reshape(tall, (-1, 2 * height, 2 * width, channels))


@keras.saving.register_keras_serializable(package="keras_fashion")
class Generator(keras.Model):
    """G(z, c): the DCGAN generator, modulated by latent and category.

    Four transposed convolutions double H / 16 x W / 16 up to H x W (Radford et al.,
    "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
    Networks", 2016); after all but the last a convolution refines what was made larger, and
    what was there before is added, enlarged by repetition (He et al., "Deep Residual Learning for
    Image Recognition", 2016). Call it on `[latents, category]`, (B, latent_dim) float32 and (B,)
    int32, for (B, H, W, 3) float32 pictures in [-1, 1].

    Args:
        num_categories: number of categories.
        picture_size: (H, W), each divisible by 16.
        latent_dim: length of a latent z.
        width: channels at half the picture's size; doubled at each halving.
        seed: integer or `keras.random.SeedGenerator` for the initial weights.

    Raises:
        InputError: if the picture size is not divisible by 16.
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
        height, breadth = picture_grid(picture_size)
        if isinstance(seed, int):
            seed = keras.random.SeedGenerator(seed)
        glorot = keras.initializers.GlorotUniform(seed)
        normal = keras.initializers.RandomNormal(stddev=1.0, seed=seed)

        latents = keras.Input((latent_dim,), name="latents")
        category = keras.Input((), dtype="int32", name="category")
        kind = layers.Embedding(num_categories, 16, embeddings_initializer=normal)(category)
        style = layers.Concatenate()([latents, kind])
        x = layers.Dense(height * breadth * 8 * width, use_bias=False, kernel_initializer=glorot)(
            style
        )
        x = layers.Reshape((height, breadth, 8 * width))(x)
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
            x = layers.Add()([x, repeat(shortcut)])
            x = layers.ReLU()(ModulatedBatchNormalization(seed)(x, style))
        x = layers.Conv2DTranspose(3, 4, 2, "same", kernel_initializer=glorot)(x)
        # float32 whatever the precision policy: these are the pictures that others measure
        pictures = layers.Activation("tanh", dtype="float32", name="pictures")(x)
        super().__init__([latents, category], pictures, **kwargs)

        self.num_categories = num_categories
        self.picture_size = tuple(picture_size)
        self.latent_dim = latent_dim
        self.width = width

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments; the seed only mattered for the weights, which are saved."""
        return {
            "num_categories": self.num_categories,
            "picture_size": self.picture_size,
            "latent_dim": self.latent_dim,
            "width": self.width,
            "name": self.name,
        }
