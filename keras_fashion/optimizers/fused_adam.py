"""Adam whose step is one operation a variable."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="keras_fashion")
class FusedAdam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` by TensorFlow's own kernel.

    Keras writes the update of a variable as some forty operations of the graph. For a GAN of forty
    variables they are a third of all that is traced and optimized before the first step. The
    kernel computes the same formula (Kingma and Ba, ICLR 2015, end of section 2), with t the count
    of steps and g the gradient:

        m <- m + (1 - beta_1) (g - m),  v <- v + (1 - beta_2) (g² - v)
        w <- w - learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)

    A gradient by rows (`tf.IndexedSlices`, what an embedding gives) is made dense first, which sums
    the rows that repeat. Keras's Adam does not sum them, and moves such rows too far.

    The arguments are those of `keras.optimizers.Adam`; with `amsgrad=True` its own update is used.

    Example:
        >>> optimizer = FusedAdam(1e-3, beta_1=0.5)
        >>> weight = keras.Variable([1.0, 2.0])
        >>> optimizer.apply([tf.constant([0.1, -0.1])], [weight])
        >>> weight.numpy().round(3)
        array([0.999, 2.001], dtype=float32)
    """

    def update_step(
        self,
        gradient: tf.Tensor | tf.IndexedSlices,
        variable: tf.Variable,
        learning_rate: tf.Tensor | keras.Variable,
    ) -> None:
        """Takes one step for one variable; Keras calls it, on each replica with the joint gradient.

        Args:
            gradient: Gradient of the loss, of the variable's shape, dense or by rows.
            variable: The variable to move.
            learning_rate: Scalar.
        """
        gradient = tf.convert_to_tensor(gradient)
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        dtype, index = variable.dtype, self._get_variable_index(variable)
        step = tf.cast(self.iterations.value + 1, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=tf.cast(learning_rate, dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, dtype),
        )
