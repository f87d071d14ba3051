"""A training that is not worth going on with."""

import keras
import tensorflow as tf

from keras_fashion.errors import InputError


class TrainingFailed(InputError):
    """It diverged or collapsed: going on, or starting it again alike, would do so again.

    The message says what happened and what may help.
    """


def require_finite(model: keras.Model) -> None:
    """Raises TrainingFailed if a weight is no longer a finite number."""
    if not all(bool(tf.reduce_all(tf.math.is_finite(each))) for each in model.trainable_variables):
        raise TrainingFailed(
            "diverged: its weights are no finite numbers any more; try a smaller --learning-rate"
        )
