"""A conditional GAN whose generator also minimizes an energy distance to real pictures."""

from typing import Any

import keras
import tensorflow as tf

from keras_fashion.distribution.global_batch import gather_rows, num_replicas
from keras_fashion.errors import InputError
from keras_fashion.losses.energy import Described, energy_distance
from keras_fashion.models.batch_normalization import batch_renormalization
from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.models.region_features import RegionFeatures


@keras.saving.register_keras_serializable(package="keras_fashion")
class EnergyGAN(ConditionalGAN):
    """A conditional GAN whose generator also matches real pictures in frozen features.

    The loss of the generator is that of `ConditionalGAN` plus the energy distance between generated
    and real pictures (`keras_fashion.losses.energy_distance`), which no discriminator has to learn:
    it gives a useful gradient from the first step on, and it rewards variety. The discriminator
    adds what the frozen features do not see, such as clean outlines.

    The average of the generator's weights is over a tenth of the steps so far. At 300 processor
    seconds on H&M, this is as good as a learning rate that falls to 0, which would have to know the
    number of steps in advance.

    Batch normalization by the few pictures of a step becomes batch renormalization
    (`batch_renormalization`) from `renormalization_start` steps on, gradually over as many steps
    again. Without it, some dark garments that are drawn by the moving averages spread beyond their
    outlines. From the first step on it was worse (docs/generation.md).

    Before training, `match` sets the frozen features. They are not part of the saved model, because
    only training uses them.

    Args:
        *args: Arguments of `ConditionalGAN`.
        **kwargs: Arguments of `ConditionalGAN`.

    Attributes:
        warm_up: See `ConditionalGAN`.
        renormalization_start: Number of steps after which renormalization begins.

    Example:
        >>> from keras_fashion.models import GAN_PRESETS
        >>> gan = GAN_PRESETS["default"].make(num_categories=2, picture_size=(16, 16), width=4)
        >>> pictures = keras.Input((16, 16, 3))
        >>> features = RegionFeatures(keras.Model(pictures, [pictures]))
        >>> features.adapt(keras.random.uniform((8, 16, 16, 3), -1.0, 1.0))
        >>> gan.match(features)
        >>> real, categories = tf.zeros((4, 16, 16, 3)), tf.constant([0, 0, 1, 1])
        >>> sorted(gan.train_step((real, categories, features(real), categories)))
        ['discriminator_loss', 'energy_distance', 'generator_loss']
    """

    warm_up = 10.0
    renormalization_start = 2300

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.energy_distance = keras.metrics.Mean("energy_distance")
        self._features: RegionFeatures | None = None

    @property
    def metrics(self) -> list[keras.Metric]:
        """The two losses and the energy distance, as means over the epoch."""
        return [*super().metrics, self.energy_distance]

    def match(self, features: RegionFeatures) -> None:
        """Sets the frozen features in which generated pictures are to match real ones.

        Args:
            features: Adapted features for pictures of `picture_size`.
        """
        self._features = features

    def train_step(self, data: tuple[tf.Tensor, ...]) -> dict[str, tf.Tensor]:
        """Takes one step of the discriminator, then one of the generator, on the same fakes.

        Args:
            data: See `matching_loss`.

        Returns:
            The losses and the energy distance by name, as means over the epoch so far.
        """
        steps = tf.cast(self.generator_optimizer.iterations, tf.float32)
        progress = tf.clip_by_value(steps / self.renormalization_start - 1.0, 0.0, 1.0)
        with batch_renormalization(progress):
            return super().train_step(data)

    def matching_loss(self, fakes: tf.Tensor, data: tuple[tf.Tensor, ...]) -> tf.Tensor:
        """Computes the energy distance of generated pictures and records it as a metric.

        Args:
            fakes: Generated pictures, (B, H, W, 3) float32 in [-1, 1].
            data: Real pictures and their categories, which are those of `fakes`; then features of
                other real pictures, (M, R, F) float32, and their categories, (M,) int32, which are
                the same on all replicas.

        Returns:
            A scalar.

        Raises:
            ValueError: If `match` was not called.
            InputError: If the global batch has one picture, which has no other to be compared with.
        """
        if self._features is None:
            raise ValueError("call `match` with the frozen features before training")
        if fakes.shape[0] == 1 and num_replicas() == 1:
            raise InputError(
                "`batch_size` must be 2 or more: generated pictures are compared with each other."
            )
        _, category, features, categories = data
        # Every replica compares the global batch, so that the distance is the same for any number.
        generated = Described(gather_rows(self._features(fakes)), gather_rows(category))
        real = Described(features, categories)
        distance = energy_distance(generated, real, self._features.sizes)
        self.energy_distance.update_state(distance)
        return distance
