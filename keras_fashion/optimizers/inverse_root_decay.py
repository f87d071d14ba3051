"""A learning rate that falls with the root of the step, whatever the number of steps will be."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="keras_fashion")
class InverseRootDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that is constant first and then falls in proportion to 1 / √step.

    It need not know the number of steps, as a cosine does: a training that is given more epochs
    goes on as if it had been asked for them at first. This is the schedule of Vaswani et al.,
    "Attention Is All You Need", NeurIPS 2017, equation 3, without the linear increase.

    Args:
        initial_learning_rate: Learning rate of the first steps.
        constant_steps: Number of steps before it falls, at least 1.

    Example:
        >>> schedule = InverseRootDecay(0.002, constant_steps=100)
        >>> [round(float(schedule(step)), 4) for step in (0, 100, 400)]
        [0.002, 0.002, 0.001]
    """

    def __init__(self, initial_learning_rate: float, constant_steps: int) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.constant_steps = constant_steps

    def __call__(self, step: int | tf.Tensor) -> tf.Tensor:
        """Returns the learning rate at a step, counted from 0: a scalar."""
        step = tf.maximum(tf.cast(step, tf.float32), self.constant_steps)
        return self.initial_learning_rate * tf.sqrt(self.constant_steps / step)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "constant_steps": self.constant_steps,
        }
