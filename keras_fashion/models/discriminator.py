"""The discriminator of the conditional GAN: is this a real picture of its category?"""

from typing import Any

import keras
from keras import layers, ops

from keras_fashion.models.generator import picture_grid


@keras.saving.register_keras_serializable(package="keras_fashion")
class Discriminator(keras.Model):
    """D(x, c): strided convolutions and a projection.

    Call it on `[pictures, category]`, (B, H, W, 3) float32 in [-1, 1] and (B,) int32, for (B, 1)
    float32 verdicts, trained towards 1 for real pictures and 0 for generated ones. The category
    enters as in Miyato and Koyama, "cGANs with Projection Discriminator", 2018:
    D(x, c) = v . h(x) + e_c . h(x) + b. Nothing is normalized, so that a verdict never depends on
    the other pictures of the batch: `ConditionalGAN` holds it in check by a gradient penalty.

    Args:
        num_categories: number of categories.
        picture_size: (H, W), each divisible by 16.
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
        weights = keras.initializers.GlorotUniform(seed)

        pictures = keras.Input((*picture_size, 3), name="pictures")
        category = keras.Input((), dtype="int32", name="category")
        x = pictures
        for channels in (width, 2 * width, 4 * width, 8 * width):
            x = layers.Conv2D(channels, 4, 2, "same", kernel_initializer=weights)(x)
            # Leaky ReLU. TensorFlow's graph optimizer fails on the operation of that name behind
            # a convolution, and says so on stderr at every training.
            x = ops.maximum(0.2 * x, x)
        # float32 from here whatever the precision policy: the losses are made of these
        x = layers.Flatten(dtype="float32")(x)
        likeness = layers.Dense(1, kernel_initializer=weights, dtype="float32")(x)
        row = layers.Embedding(
            num_categories,
            x.shape[-1],
            embeddings_initializer=keras.initializers.RandomNormal(stddev=0.02, seed=seed),
            dtype="float32",
        )(category)
        fit = layers.Dot(-1, dtype="float32")([x, row])
        super().__init__(
            [pictures, category], layers.Add(dtype="float32")([likeness, fit]), **kwargs
        )

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
