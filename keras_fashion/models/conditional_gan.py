"""The category-conditional GAN, trained by least squares with two optimisers."""

from typing import Any

import keras
import tensorflow as tf

from keras_fashion.models.discriminator import Discriminator
from keras_fashion.models.gan_losses import (
    least_squares_discriminator_loss,
    least_squares_generator_loss,
)
from keras_fashion.models.generator import Generator

AVERAGE_DECAY = 0.99  # a step; the average looks back about a hundred of them


@keras.saving.register_keras_serializable(package="keras_fashion")
class ConditionalGAN(keras.Model):
    """A conditional DCGAN over z ~ U(-1, 1), after DVBPR (Kang et al., 2017).

    `fit` it on (pictures, category) batches. Three networks: `apprentice` is the generator that
    gradients move, `discriminator` its judge, and `generator` the running average of the
    apprentice's weights (Yazici et al., "The Unusual Effectiveness of Averaging in GAN
    Training", 2019): it draws better than the apprentice does at any one step, and is the one
    to generate with. Calling the model on `[codes, category]` calls `generator`.

    Args:
        category_count: number of categories.
        picture_size: (H, W), each divisible by 16.
        code_size: length of a code z.
        width: channels of both networks at half the picture's size; the time of a step grows
            with its square.
        seed: integer, for the initial weights and for the codes drawn in training.

    Example:
        gan = ConditionalGAN(len(catalogue.categories))
        gan.compile()
        gan.fit(labelled_pictures(...), epochs=30)
        pictures = gan.generator([gan.sample_codes(8), tf.zeros(8, tf.int32)])
    """

    def __init__(
        self,
        category_count: int,
        picture_size: tuple[int, int] = (64, 64),
        code_size: int = 100,
        width: int = 24,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.category_count = category_count
        self.picture_size = tuple(picture_size)
        self.code_size = code_size
        self.width = width
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        network = (category_count, self.picture_size)
        self.apprentice = Generator(*network, code_size, width, seed=self.seed_generator)
        self.generator = Generator(*network, code_size, width)
        self.generator.set_weights(self.apprentice.get_weights())
        self.generator.trainable = False
        self.discriminator = Discriminator(*network, width, seed=self.seed_generator)
        self.generator_loss = keras.metrics.Mean("generator_loss")
        self.discriminator_loss = keras.metrics.Mean("discriminator_loss")
        self.built = True

    @property
    def metrics(self) -> list[keras.Metric]:
        """The two losses, as means over the epoch."""
        return [self.generator_loss, self.discriminator_loss]

    def call(self, inputs: list[tf.Tensor], training: bool = False) -> tf.Tensor:
        """(B, H, W, 3) pictures of `[codes, category]` by the averaged generator."""
        return self.generator(inputs)

    def sample_codes(self, count: int | tf.Tensor) -> tf.Tensor:
        """(count, code_size) float32 codes from the prior U(-1, 1)."""
        return keras.random.uniform((count, self.code_size), -1.0, 1.0, seed=self.seed_generator)

    def compile(
        self,
        generator_optimizer: keras.Optimizer | None = None,
        discriminator_optimizer: keras.Optimizer | None = None,
    ) -> None:
        """Chooses the optimisers.

        Args:
            generator_optimizer: Adam(6e-4, beta_1=0.5, beta_2=0.99) unless given.
            discriminator_optimizer: the same unless given. A generator that learns faster than
                its judge collapses to one garment a category.
        """
        default = {"learning_rate": 6e-4, "beta_1": 0.5, "beta_2": 0.99}
        self.generator_optimizer = generator_optimizer or keras.optimizers.Adam(**default)
        self.discriminator_optimizer = discriminator_optimizer or keras.optimizers.Adam(**default)
        self.generator_optimizer.build(self.apprentice.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)
        # XLA is many times slower than the plain graph for transposed convolutions on a CPU
        super().compile(optimizer=self.generator_optimizer, jit_compile=False)

    def train_step(self, data: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step of the discriminator, then one of the generator, on the same fakes."""
        pictures, category = data
        codes = self.sample_codes(tf.shape(category)[0])
        with tf.GradientTape() as tape:
            fakes = self.apprentice([codes, category], training=True)
            with tape.stop_recording():
                discriminator_loss = self.discriminator_step(pictures, fakes, category)
            generator_loss = least_squares_generator_loss(self.discriminator([fakes, category]))
        variables = self.apprentice.trainable_variables
        self.generator_optimizer.apply(tape.gradient(generator_loss, variables), variables)
        self.average_weights()
        self.generator_loss.update_state(generator_loss)
        self.discriminator_loss.update_state(discriminator_loss)
        return self.get_metrics_result()

    def discriminator_step(
        self, pictures: tf.Tensor, fakes: tf.Tensor, category: tf.Tensor
    ) -> tf.Tensor:
        """Moves the discriminator once; returns its loss before the move."""
        with tf.GradientTape() as tape:
            verdicts = self.discriminator(
                [tf.concat([pictures, fakes], 0), tf.concat([category, category], 0)],
                training=True,
            )
            loss = least_squares_discriminator_loss(*tf.split(verdicts, 2))
        variables = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    def average_weights(self) -> None:
        """Moves `generator` towards `apprentice`, batch statistics included."""
        for average, value in zip(self.generator.weights, self.apprentice.weights, strict=True):
            average.assign(AVERAGE_DECAY * average + (1 - AVERAGE_DECAY) * value)

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {
            "category_count": self.category_count,
            "picture_size": self.picture_size,
            "code_size": self.code_size,
            "width": self.width,
            "seed": self.seed,
            "name": self.name,
        }

    def get_compile_config(self) -> dict[str, Any]:
        """The two optimisers, serialised."""
        return {
            "generator_optimizer": keras.saving.serialize_keras_object(self.generator_optimizer),
            "discriminator_optimizer": keras.saving.serialize_keras_object(
                self.discriminator_optimizer
            ),
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles with the optimisers of `get_compile_config`."""
        self.compile(**{k: keras.saving.deserialize_keras_object(v) for k, v in config.items()})
