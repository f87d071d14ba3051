"""Adam whose step is one operation for each variable."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="keras_fashion")
class FusedAdam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` by TensorFlow's own kernel.

    It exists beside Keras's Adam because Keras computes the update of a variable by about forty
    operations of the graph. For a GAN of forty variables these are a third of all that is traced
    and optimized before the first step. The kernel computes the same formula (Kingma and Ba, "Adam:
    A Method for Stochastic Optimization", ICLR 2015, end of section 2), with t the number of steps
    and g the gradient:

        m <- m + (1 - beta_1) (g - m),  v <- v + (1 - beta_2) (g² - v)
        w <- w - learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)

    A gradient by rows (`tf.IndexedSlices`, which an embedding has) is made dense first, which sums
    the rows that repeat. Keras's Adam does not sum them, and moves such rows too far.

    The arguments are those of `keras.optimizers.Adam`. With `amsgrad=True`, Keras's update is used.

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
        """Takes one step for one variable.

        Keras calls it, on each replica with the sum of all replicas' gradients.

        Args:
            gradient: Gradient of the loss, of the variable's shape, dense or by rows.
            variable: Variable to update.
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
