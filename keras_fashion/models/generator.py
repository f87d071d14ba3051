"""The generator of the conditional GAN: a code and a category become a picture."""

from typing import Any

import keras
from keras import layers

from keras_fashion.errors import InputError


@keras.saving.register_keras_serializable(package="keras_fashion")
class ConditionalBatchNormalization(layers.Layer):
    """Batch normalisation whose gain and bias are looked up by category.

    After Dumoulin et al., "A Learned Representation For Artistic Style", 2017. Gains start at 1
    and biases at 0, so at first it is plain batch normalisation.

    Args:
        category_count: number of categories.
    """

    def __init__(self, category_count: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.category_count = category_count
        self.normalise = layers.BatchNormalization(
            momentum=0.9, epsilon=1e-5, center=False, scale=False
        )
        self.gain = layers.Embedding(category_count, 1, embeddings_initializer="ones")
        self.bias = layers.Embedding(category_count, 1, embeddings_initializer="zeros")

    def build(self, features_shape: tuple, category_shape: tuple) -> None:
        """Makes the statistics and one row of gains and biases a category."""
        self.gain.output_dim = self.bias.output_dim = features_shape[-1]
        self.normalise.build(features_shape)
        self.gain.build(category_shape)
        self.bias.build(category_shape)

    def call(
        self,
        features: keras.KerasTensor,
        category: keras.KerasTensor,
        training: bool = False,
    ) -> keras.KerasTensor:
        """Normalises (B, h, w, C) features of (B,) categories."""
        gain = self.gain(category)[:, None, None, :]
        bias = self.bias(category)[:, None, None, :]
        return self.normalise(features, training=training) * gain + bias

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {**super().get_config(), "category_count": self.category_count}


@keras.saving.register_keras_serializable(package="keras_fashion")
class Generator(keras.Model):
    """G(z, c): the DCGAN generator with conditional batch normalisation.

    Four transposed convolutions double H / 16 x W / 16 up to H x W. Call it on
    `[codes, category]`, (B, code_size) float32 and (B,) int32, for (B, H, W, 3) float32 pictures
    in [-1, 1]. After Radford et al., "Unsupervised Representation Learning with Deep
    Convolutional Generative Adversarial Networks", 2016.

    Args:
        category_count: number of categories.
        picture_size: (H, W), each divisible by 16.
        code_size: length of a code z.
        width: channels at half the picture's size; doubled at each halving.
        seed: integer or `keras.random.SeedGenerator` for the initial weights.
    """

    def __init__(
        self,
        category_count: int,
        picture_size: tuple[int, int] = (64, 64),
        code_size: int = 100,
        width: int = 32,
        seed: int | keras.random.SeedGenerator = 0,
        **kwargs: Any,
    ) -> None:
        height, breadth = picture_size
        if height % 16 or breadth % 16 or height < 16 or breadth < 16:
            raise InputError(
                f"picture_size: height and width must be divisible by 16, not {height}x{breadth}"
            )
        if isinstance(seed, int):
            seed = keras.random.SeedGenerator(seed)
        weights = keras.initializers.GlorotUniform(seed)

        codes = keras.Input((code_size,), name="codes")
        category = keras.Input((), dtype="int32", name="category")
        x = layers.Dense(
            height // 16 * (breadth // 16) * 8 * width, use_bias=False, kernel_initializer=weights
        )(codes)
        x = layers.Reshape((height // 16, breadth // 16, 8 * width))(x)
        x = layers.ReLU()(ConditionalBatchNormalization(category_count)(x, category))
        for channels in (4 * width, 2 * width, width):
            x = layers.Conv2DTranspose(
                channels, 4, 2, "same", use_bias=False, kernel_initializer=weights
            )(x)
            x = layers.ReLU()(ConditionalBatchNormalization(category_count)(x, category))
        x = layers.Conv2DTranspose(3, 4, 2, "same", kernel_initializer=weights)(x)
        # float32 whatever the precision policy: these are the pictures that others measure
        pictures = layers.Activation("tanh", dtype="float32", name="pictures")(x)
        super().__init__([codes, category], pictures, **kwargs)

        self.category_count = category_count
        self.picture_size = (height, breadth)
        self.code_size = code_size
        self.width = width

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments; the seed only mattered for the weights, which are saved."""
        return {
            "category_count": self.category_count,
            "picture_size": self.picture_size,
            "code_size": self.code_size,
            "width": self.width,
            "name": self.name,
        }
