"""Features of the regions of a picture, by a frozen network, in which pictures are compared."""

import keras
import numpy as np
import tensorflow as tf

GRID = 4
"""A picture has GRID x GRID regions. Fewer see less of where a garment has its sleeves; more cost
more."""

COLOR_SIZE = 16
"""Height and width to which a picture is averaged for the level of its colors."""

VARIANCE_FLOOR = 1e-2
"""Added to a variance before its root is taken, whose gradient at 0 is infinite."""


class RegionFeatures:
    """Describes each of the 4 x 4 regions of a picture by the feature maps of a frozen network.

    A level of the description is a feature map of the network: of each region, the mean and the
    standard deviation of each channel, or the channels themselves where the map is no larger than
    the grid. The first level is the picture itself, averaged to 16 x 16 pixels; without it,
    generated garments of a category all had the same color. The numbers of a level are standardized
    over real pictures, so that every level has the same weight.

    It is no Keras layer, so that a model that trains with it is saved without the frozen network.

    Args:
        network: Frozen model of pictures (B, H, W, 3) float32 in [-1, 1] with a list of feature
            maps (B, h, w, C) as outputs.
        statistics: Arrays of an earlier `statistics`; None to call `adapt` before use.

    Attributes:
        sizes: Number of features of a region in each level.

    Example:
        >>> pictures = keras.Input((16, 16, 3))
        >>> maps = keras.layers.Conv2D(5, 3, strides=2, padding="same")(pictures)
        >>> features = RegionFeatures(keras.Model(pictures, [maps]))
        >>> features.adapt(np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 3)))
        >>> features(tf.zeros((2, 16, 16, 3))).shape, features.sizes
        (TensorShape([2, 16, 58]), [48, 10])
    """

    def __init__(
        self, network: keras.Model, statistics: dict[str, np.ndarray] | None = None
    ) -> None:
        self.network = network
        self.sizes: list[int] = []
        self._mean: list[tf.Tensor] = []
        self._scale: list[tf.Tensor] = []
        if statistics is not None:
            self._set(statistics)

    def adapt(self, pictures: np.ndarray) -> None:
        """Takes the means and deviations by which levels are standardized from real pictures.

        Args:
            pictures: (N, H, W, 3) float in [-1, 1]; some hundreds suffice.
        """
        statistics = {}
        for number, level in enumerate(self._levels(tf.cast(pictures, tf.float32))):
            mean, variance = tf.nn.moments(level, [0, 1])
            statistics[f"mean_{number}"] = mean.numpy()
            statistics[f"scale_{number}"] = tf.math.rsqrt(variance + 1e-4).numpy()
        self._set(statistics)

    @property
    def statistics(self) -> dict[str, np.ndarray]:
        """The constants of the standardization, to be kept on disk."""
        named = {"mean": self._mean, "scale": self._scale}
        return {
            f"{name}_{number}": value.numpy()
            for name, values in named.items()
            for number, value in enumerate(values)
        }

    def __call__(self, pictures: tf.Tensor) -> tf.Tensor:
        """Describes pictures.

        Args:
            pictures: (B, H, W, 3) float32 in [-1, 1].

        Returns:
            (B, R, F) float32: R = 16 regions, row by row, F = sum(sizes).
        """
        constants = zip(self._levels(pictures), self._mean, self._scale, strict=True)
        return tf.concat([(level - mean) * scale for level, mean, scale in constants], axis=-1)

    def _set(self, statistics: dict[str, np.ndarray]) -> None:
        count = sum(name.startswith("mean_") for name in statistics)
        self._mean = [tf.constant(statistics[f"mean_{number}"]) for number in range(count)]
        self._scale = [tf.constant(statistics[f"scale_{number}"]) for number in range(count)]
        self.sizes = [mean.shape[0] for mean in self._mean]

    def _levels(self, pictures: tf.Tensor) -> list[tf.Tensor]:
        size = self.network.input_shape[1:3]
        resized = pictures
        if tuple(pictures.shape[1:3]) != size:
            resized = tf.image.resize(pictures, size, antialias=pictures.shape[1] > size[0])
        maps = tf.nest.flatten(self.network(resized, training=False))
        return [_colors(pictures), *(_moments(tf.cast(each, tf.float32)) for each in maps)]


def _colors(pictures: tf.Tensor) -> tf.Tensor:
    """Returns the 4 x 4 averaged pixels of each region: (B, R, 48)."""
    height, width = pictures.shape[1:3]
    window = (height // COLOR_SIZE, width // COLOR_SIZE)
    small = tf.nn.avg_pool2d(pictures, window, window, "VALID")
    return _flattened(tf.nn.space_to_depth(small, COLOR_SIZE // GRID))


def _moments(maps: tf.Tensor) -> tf.Tensor:
    """Returns the mean and the deviation of each channel in each region: (B, R, 2 C) or (B, R, C).

    Variances are computed as E x² − (E x)² in float32; what rounding makes negative becomes 0.
    """
    height, width = maps.shape[1:3]
    window = (height // GRID, width // GRID)
    if window == (1, 1):
        return _flattened(maps)
    mean = tf.nn.avg_pool2d(maps, window, window, "VALID")
    square = tf.nn.avg_pool2d(tf.square(maps), window, window, "VALID")
    variance = tf.nn.relu(square - tf.square(mean))
    return _flattened(tf.concat([mean, tf.sqrt(variance + VARIANCE_FLOOR)], axis=-1))


def _flattened(maps: tf.Tensor) -> tf.Tensor:
    _, height, width, channels = maps.shape
    return tf.reshape(maps, [-1, height * width, channels])
