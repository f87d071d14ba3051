from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.models.discriminator import Discriminator
from keras_fashion.models.generator import Generator


def test_learns_the_color_of_each_category():
    colors = np.array([[0.8, -0.6, -0.4], [-0.7, -0.2, 0.8]], np.float32)
    category = np.arange(16, dtype=np.int32) % 2
    pictures = np.broadcast_to(colors[category][:, None, None], (16, 16, 16, 3))
    gan = ConditionalGAN(
        Generator(2, (16, 16), latent_dim=4, width=8, seed=1),
        Discriminator(2, (16, 16), width=8, seed=1),
        seed=1,
    )
    gan.compile(keras.optimizers.Adam(2e-3, beta_1=0.5), keras.optimizers.Adam(2e-3, beta_1=0.5))
    gan.fit(tf.data.Dataset.from_tensors((pictures, category)).repeat(400), verbose=0)
    for c in range(2):
        drawn = gan.ema_generator([gan.sample_latents(32), tf.fill([32], c)])
        np.testing.assert_allclose(np.mean(drawn, (0, 1, 2)), colors[c], atol=0.2)


def test_keras_losses_train_on_replicas_as_the_default_ones_do(run_script):
    script = Path(__file__).with_name("gan_on_two_replicas.py")
    assert run_script(script).splitlines()[-1] == "agreed"
