"""The discriminator of the default preset."""

from typing import Any

import keras
from keras import layers, ops

from keras_fashion.models.generator import smallest_feature_map


@keras.saving.register_keras_serializable(package="keras_fashion")
class Discriminator(keras.Model):
    """The discriminator D(x, c) of the default preset: strided convolutions and a projection.

    The category enters by an inner product, as in Miyato and Koyama, "cGANs with Projection
    Discriminator", ICLR 2018: D(x, c) = v · h(x) + e_c · h(x) + b. Nothing is normalized, so that
    an output never depends on the other pictures of the batch; `ConditionalGAN` regularizes this
    network by a gradient penalty.

    Args:
        num_categories: Number of categories.
        picture_size: Height and width in pixels, each divisible by 16.
        width: Number of channels at half the picture's size; doubled at each halving.
        seed: Integer or `keras.random.SeedGenerator` for the initial weights.
        **kwargs: Arguments of `keras.Model`.

    Call arguments:
        inputs: `[pictures, category]`, (B, H, W, 3) float32 in [-1, 1] and (B,) int32.

    Returns:
        (B, 1) float32, trained toward 1 for real pictures and 0 for generated ones.

    Raises:
        InputError: If the picture size is not divisible by 16.

    Example:
        >>> discriminator = Discriminator(num_categories=3, picture_size=(16, 32), width=2)
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
        weights = keras.initializers.GlorotUniform(seed)

        pictures = keras.Input((*picture_size, 3), name="pictures")
        category = keras.Input((), dtype="int32", name="category")
        x = pictures
        for channels in (width, 2 * width, 4 * width, 8 * width):
            x = layers.Conv2D(channels, 4, 2, "same", kernel_initializer=weights)(x)
            # This is leaky ReLU. TensorFlow's graph optimizer fails on the operation of that name
            # after a convolution, and logs an error in every training.
            x = ops.maximum(0.2 * x, x)
        # The losses are computed from this, so it is float32 under any dtype policy.
        x = layers.Flatten(dtype="float32")(x)
        realism = layers.Dense(1, kernel_initializer=weights, dtype="float32")(x)
        embedded = layers.Embedding(
            num_categories,
            x.shape[-1],
            embeddings_initializer=keras.initializers.RandomNormal(stddev=0.02, seed=seed),
            dtype="float32",
        )(category)
        match = layers.Dot(-1, dtype="float32")([x, embedded])
        super().__init__(
            [pictures, category], layers.Add(dtype="float32")([realism, match]), **kwargs
        )

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
