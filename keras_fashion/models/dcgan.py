"""The conditional DCGAN of the DVBPR paper: its generator and its discriminator."""

from typing import Any

import keras
from keras import layers, ops

from keras_fashion.models.batch_normalization import BatchNormalization
from keras_fashion.models.generator import picture_grid


@keras.saving.register_keras_serializable(package="keras_fashion")
class DVBPRGenerator(keras.Model):
    """G(z, c) of the code released with DVBPR (Kang et al., ICDM 2017).

    Six transposed convolutions of 3x3, two of which keep the size, with batch normalization and
    leaky ReLU; the category enters once, as a one-hot vector beside the latent. At 64x64, with 6
    categories and latents of 256, it has the original's 3,811,075 trainable parameters. Call it on
    `[latents, category]`, (B, latent_dim) float32 and (B,) int32, for (B, H, W, 3) float32 pictures
    in [-1, 1].

    Args:
        num_categories: number of categories.
        picture_size: (H, W), each divisible by 16; 64x64 in the original.
        latent_dim: length of a latent z.
        width: channels at half the picture's size; four times as many in the middle.
        seed: integer or `keras.random.SeedGenerator` for the initial weights.

    Raises:
        InputError: if the picture size is not divisible by 16.
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
        height, breadth = picture_grid(picture_size)
        if isinstance(seed, int):
            seed = keras.random.SeedGenerator(seed)
        weights = keras.initializers.RandomNormal(stddev=0.02, seed=seed)

        def normalized(x: keras.KerasTensor) -> keras.KerasTensor:
            x = BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
            return ops.maximum(0.2 * x, x)

        latents = keras.Input((latent_dim,), name="latents")
        category = keras.Input((), dtype="int32", name="category")
        kind = ops.one_hot(category, num_categories)
        x = layers.Dense(height * breadth * 4 * width, kernel_initializer=weights)(
            layers.Concatenate()([latents, kind])
        )
        x = normalized(layers.Reshape((height, breadth, 4 * width))(x))
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
        """Constructor arguments; the seed only mattered for the weights, which are saved."""
        return {
            "num_categories": self.num_categories,
            "picture_size": self.picture_size,
            "latent_dim": self.latent_dim,
            "width": self.width,
            "name": self.name,
        }


@keras.saving.register_keras_serializable(package="keras_fashion")
class DVBPRDiscriminator(keras.Model):
    """D(x, c) of the code released with DVBPR (Kang et al., ICDM 2017).

    Four strided convolutions of 5x5 with leaky ReLU, all but the first with batch normalization;
    the category's one-hot vector is laid beside the picture and beside the output of the first
    three, everywhere in the plane. At 64x64 with 6 categories it has the original's 4,460,545
    trainable parameters. Call it on `[pictures, category]`, (B, H, W, 3) float32 in [-1, 1] and
    (B,) int32, for (B, 1) float32 verdicts, trained towards 1 for real pictures and 0 for
    generated ones.

    Args:
        num_categories: number of categories.
        picture_size: (H, W), each divisible by 16; 64x64 in the original.
        width: channels at half the picture's size; doubled at each halving.
        seed: integer or `keras.random.SeedGenerator` for the initial weights.

    Raises:
        InputError: if the picture size is not divisible by 16.
    """

    def __init__(
        self,
        num_categories: int,
        picture_size: tuple[int, int] = (64, 64),
        width: int = 64,
        seed: int | keras.random.SeedGenerator = 0,
        **kwargs: Any,
    ) -> None:
        picture_grid(picture_size)
        if isinstance(seed, int):
            seed = keras.random.SeedGenerator(seed)
        weights = keras.initializers.RandomNormal(stddev=0.02, seed=seed)

        pictures = keras.Input((*picture_size, 3), name="pictures")
        category = keras.Input((), dtype="int32", name="category")
        kind = ops.one_hot(category, num_categories)

        def beside_category(x: keras.KerasTensor) -> keras.KerasTensor:
            everywhere = ops.ones_like(x[..., :1]) * ops.cast(kind, x.dtype)[:, None, None, :]
            return layers.Concatenate()([x, everywhere])

        x = layers.Conv2D(width, 5, 2, "same", kernel_initializer=weights)(
            beside_category(pictures)
        )
        x = ops.maximum(0.2 * x, x)
        for channels in (2 * width, 4 * width, 8 * width):
            x = layers.Conv2D(channels, 5, 2, "same", kernel_initializer=weights)(
                beside_category(x)
            )
            x = BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
            x = ops.maximum(0.2 * x, x)
        # float32 from here whatever the precision policy: the losses are made of these
        x = layers.Flatten(dtype="float32")(x)
        verdicts = layers.Dense(1, kernel_initializer=weights, dtype="float32")(x)
        super().__init__([pictures, category], verdicts, **kwargs)

        self.num_categories = num_categories
        self.picture_size = tuple(picture_size)
        self.width = width

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments; the seed only mattered for the weights, which are saved."""
        return {
            "num_categories": self.num_categories,
            "picture_size": self.picture_size,
            "width": self.width,
            "name": self.name,
        }
