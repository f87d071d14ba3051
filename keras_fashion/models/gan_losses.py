"""Least-squares GAN losses (Mao et al., "Least Squares Generative Adversarial Networks", 2017).

Pure functions of the discriminator's verdicts, in which 1 stands for real and 0 for fake:
equation 9 of the paper with a = 0, b = c = 1.
"""

import keras
from keras import ops


def least_squares_discriminator_loss(
    real_verdicts: keras.KerasTensor, fake_verdicts: keras.KerasTensor
) -> keras.KerasTensor:
    """½[E(D(x, c) − 1)² + E D(G(z, c), c)²].

    Args:
        real_verdicts: float, any shape: D of real pictures.
        fake_verdicts: float, any shape: D of generated pictures.

    Returns:
        A scalar, 0 when every real picture is judged 1 and every generated one 0.
    """
    real = ops.mean(ops.square(real_verdicts - 1.0))
    fake = ops.mean(ops.square(fake_verdicts))
    return 0.5 * (real + fake)


def least_squares_generator_loss(fake_verdicts: keras.KerasTensor) -> keras.KerasTensor:
    """½E(D(G(z, c), c) − 1)².

    Args:
        fake_verdicts: float, any shape: D of generated pictures.

    Returns:
        A scalar, 0 when every generated picture is judged 1.
    """
    return 0.5 * ops.mean(ops.square(fake_verdicts - 1.0))
