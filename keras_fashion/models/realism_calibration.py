"""Realism on one scale for all categories, from the outputs of a discriminator."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

PRIOR_COUNT = 16
"""Number of pictures at which a category's own mean weighs as much as that over all categories."""

MIN_DIFFERENCE = 0.05
"""Lower bound of the difference between the means of real and generated pictures. A discriminator
that hardly tells them apart would otherwise give realism, and its gradient, of any size."""


@keras.saving.register_keras_serializable(package="keras_fashion")
class RealismCalibration(keras.layers.Layer):
    """Maps outputs D(x, c) to 1 for the mean real and to 0 for the mean generated picture of c.

    A discriminator is trained on the pictures of the generator that is trained with it. Designs are
    drawn by the average of that generator's weights, whose pictures the discriminator has never
    seen, and categories differ in how well it tells them apart. On the atelier it gave .73 to real
    pictures and .03 to those of the average. Realism is therefore measured on a scale of the
    category's own: (D(x, c) - m_generated[c]) / (m_real[c] - m_generated[c]), with means m of D.

    Before `adapt`, the layer is the identity: m_generated is 0 and m_real is 1.

    Args:
        num_categories: Number of categories.
        **kwargs: Arguments of `keras.layers.Layer`. The dtype is float32 by default, whatever the
            global policy is.

    Attributes:
        generated: (num_categories,) float32, m_generated.
        real: (num_categories,) float32, m_real.

    Example:
        >>> calibration = RealismCalibration(num_categories=1)
        >>> calibration.adapt(np.array([0.9, 0.7]), np.array([0.1, 0.3]), np.array([0, 0]))
        >>> calibration(tf.constant([0.2, 0.5, 0.8]), tf.constant([0, 0, 0])).numpy().round(2)
        array([0. , 0.5, 1. ], dtype=float32)
    """

    def __init__(self, num_categories: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.num_categories = num_categories
        shape = (num_categories,)
        self.generated = self.add_weight(shape, "zeros", trainable=False, name="generated")
        self.real = self.add_weight(shape, "ones", trainable=False, name="real")
        self.built = True

    def call(self, outputs: tf.Tensor, category: tf.Tensor) -> tf.Tensor:
        """Calibrates outputs of the discriminator.

        Args:
            outputs: (B,) float32, D(x, c).
            category: (B,) int32, c.

        Returns:
            (B,) float32, linear in `outputs`.
        """
        generated = tf.gather(self.generated, category)
        difference = tf.gather(self.real, category) - generated
        return (outputs - generated) / tf.maximum(difference, MIN_DIFFERENCE)

    def adapt(self, real: np.ndarray, generated: np.ndarray, category: np.ndarray) -> None:
        """Sets the means.

        The mean of a category of n pictures has the weight n / (n + 16), and the mean over all
        pictures has the rest.

        Args:
            real: (N,) float, outputs D(x, c) for real pictures.
            generated: (N,) float, outputs for generated pictures of the same categories.
            category: (N,) int, categories of both.
        """
        count = np.bincount(category, minlength=self.num_categories)
        for means, outputs in ((self.real, real), (self.generated, generated)):
            total = np.bincount(category, outputs, minlength=self.num_categories)
            means.assign((total + PRIOR_COUNT * np.mean(outputs)) / (count + PRIOR_COUNT))

    def load_own_variables(self, store: dict[str, Any]) -> None:
        """Reads the means; models saved before they were calibrated have none, and stay as is."""
        if store.keys():
            super().load_own_variables(store)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return super().get_config() | {"num_categories": self.num_categories}
