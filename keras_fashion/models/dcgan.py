"""The conditional DCGAN of the DVBPR paper: its generator and its discriminator.

It is preset "dvbpr", kept for comparison with the paper (Kang et al., "Visually-Aware Fashion
Recommendation and Design with Generative Image Models", ICDM 2017).
"""

from typing import Any

import keras
from keras import layers, ops

from keras_fashion.models.batch_normalization import BatchNormalization
from keras_fashion.models.generator import smallest_feature_map


@keras.saving.register_keras_serializable(package="keras_fashion")
class DVBPRGenerator(keras.Model):
    """The generator G(z, c) of the code released with DVBPR.

    It has six transposed convolutions of 3x3, two of which keep the size, with batch normalization
    and leaky ReLU. The category enters once, as a one-hot vector concatenated with the latent. At
    64x64, with 6 categories and latents of length 256, it has the 3,811,075 trainable parameters of
    the original.

    Args:
        num_categories: Number of categories.
        picture_size: Height and width in pixels, each divisible by 16; 64x64 in the original.
        latent_dim: Z, length of a latent z.
        width: Number of channels at half the picture's size; four times as many in the middle.
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
        >>> generator = DVBPRGenerator(3, picture_size=(16, 32), latent_dim=5, width=2)
        >>> generator([ops.zeros((2, 5)), ops.array([0, 2])]).shape
        TensorShape([2, 16, 32, 3])
    """

    def __init__(
        self,
        num_categories: int,
        picture_size: tuple[int, int] = (64, 64),
        latent_dim: int = 256,
        width: int = 64,
        seed: int | keras.random.SeedGenerator = 0,
        **kwargs: Any,
    ) -> None:
        rows, columns = smallest_feature_map(picture_size)
        if isinstance(seed, int):
            seed = keras.random.SeedGenerator(seed)
        weights = keras.initializers.RandomNormal(stddev=0.02, seed=seed)

        def normalized(x: keras.KerasTensor) -> keras.KerasTensor:
            x = BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
            return ops.maximum(0.2 * x, x)

        latents = keras.Input((latent_dim,), name="latents")
        category = keras.Input((), dtype="int32", name="category")
        one_hot = ops.one_hot(category, num_categories)
        x = layers.Dense(rows * columns * 4 * width, kernel_initializer=weights)(
            layers.Concatenate()([latents, one_hot])
        )
        x = normalized(layers.Reshape((rows, columns, 4 * width))(x))
        for channels, stride in (
            (4 * width, 2),
            (4 * width, 1),
            (4 * width, 2),
            (4 * width, 1),
            (2 * width, 2),
            (width, 2),
        ):
            x = normalized(
                layers.Conv2DTranspose(channels, 3, stride, "same", kernel_initializer=weights)(x)
            )
        x = layers.Conv2DTranspose(3, 3, 1, "same", kernel_initializer=weights)(x)
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


@keras.saving.register_keras_serializable(package="keras_fashion")
class DVBPRDiscriminator(keras.Model):
    """The discriminator D(x, c) of the code released with DVBPR.

    It has four strided convolutions of 5x5 with leaky ReLU, all but the first with batch
    normalization. The one-hot vector of the category is concatenated with the picture and with the
    outputs of the first three convolutions, at every position. At 64x64 with 6 categories, it has
    the 4,460,545 trainable parameters of the original.

    Args:
        num_categories: Number of categories.
        picture_size: Height and width in pixels, each divisible by 16; 64x64 in the original.
        width: Number of channels at half the picture's size; doubled at each halving.
        seed: Integer or `keras.random.SeedGenerator` for the initial weights.
        **kwargs: Arguments of `keras.Model`.

    Call arguments:
        inputs: `[pictures, category]`, (B, H, W, 3) float32 in [-1, 1] and (B,) int32.
        training: Whether to normalize by the statistics of the batch.

    Returns:
        (B, 1) float32, trained toward 1 for real pictures and 0 for generated ones.

    Raises:
        InputError: If the picture size is not divisible by 16.

    Example:
        >>> discriminator = DVBPRDiscriminator(3, picture_size=(16, 32), width=2)
        >>> discriminator([ops.zeros((2, 16, 32, 3)), ops.array([0, 2])]).shape
        TensorShape([2, 1])
    """

    def __init__(
        self,
        num_categories: int,
        picture_size: tuple[int, int] = (64, 64),
        width: int = 64,
        seed: int | keras.random.SeedGenerator = 0,
        **kwargs: Any,
    ) -> None:
        smallest_feature_map(picture_size)  # only checks the size
        if isinstance(seed, int):
            seed = keras.random.SeedGenerator(seed)
        weights = keras.initializers.RandomNormal(stddev=0.02, seed=seed)

        pictures = keras.Input((*picture_size, 3), name="pictures")
        category = keras.Input((), dtype="int32", name="category")
        one_hot = ops.one_hot(category, num_categories)

        def with_category(x: keras.KerasTensor) -> keras.KerasTensor:
            planes = ops.ones_like(x[..., :1]) * ops.cast(one_hot, x.dtype)[:, None, None, :]
            return layers.Concatenate()([x, planes])

        x = layers.Conv2D(width, 5, 2, "same", kernel_initializer=weights)(with_category(pictures))
        x = ops.maximum(0.2 * x, x)
        for channels in (2 * width, 4 * width, 8 * width):
            x = layers.Conv2D(channels, 5, 2, "same", kernel_initializer=weights)(with_category(x))
            x = BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
            x = ops.maximum(0.2 * x, x)
        # The losses are computed from this, so it is float32 under any dtype policy.
        x = layers.Flatten(dtype="float32")(x)
        outputs = layers.Dense(1, kernel_initializer=weights, dtype="float32")(x)
        super().__init__([pictures, category], outputs, **kwargs)

        self.num_categories = num_categories
        self.picture_size = tuple(picture_size)
        self.width = width

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments except the seed of the weights, which are saved."""
        return {
            "num_categories": self.num_categories,
            "picture_size": self.picture_size,
            "width": self.width,
            "name": self.name,
        }
