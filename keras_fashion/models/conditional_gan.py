"""The category-conditional GAN, trained by least squares with two optimizers."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.data.pictures import scale, unscale
from keras_fashion.distribution.global_batch import own_rows, replicas, share_of
from keras_fashion.losses.gan import (
    gradient_penalty,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
)
from keras_fashion.models.mixed_precision import mixed_precision

DRAWN_TOGETHER = 64

AVERAGE_PART = 25.0
"""The average looks back over this part of the steps so far, at most: an average of a young
generator that remembers its first steps draws worse than the generator does."""

PENALTY_EVERY = 16
"""Steps from one gradient penalty, which costs another half step, to the next. It weighs as much
more (Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", 2020, appendix B)."""


@keras.saving.register_keras_serializable(package="keras_fashion")
class ConditionalGAN(keras.Model):
    """A conditional GAN over z ~ U(-1, 1), after DVBPR (Kang et al., ICDM 2017).

    It has three networks. Gradients train `generator` and `discriminator`. `ema_generator` holds an
    exponential moving average of the weights of `generator`; it draws better pictures than
    `generator` does at any one step (Yazici et al., "The Unusual Effectiveness of Averaging in GAN
    Training", ICLR 2019), so pictures are drawn with it: calling the model on
    `[latents, category]` calls `ema_generator`.

    Args:
        generator: Maps `[latents, category]`, (B, Z) float32 and (B,) int32, to (B, H, W, 3)
            float32 pictures in [-1, 1]. It has the attributes `num_categories`, `picture_size` and
            `latent_dim`.
        discriminator: Maps `[pictures, category]` to (B, 1) float32 outputs; 1 stands for real.
        average_decay: Decay of the average at each step once training is long; 0.998 averages over
            about five hundred steps, 0 makes the average equal to `generator`.
        gradient_penalty: γ of the R1 penalty on real pictures; 0 for no penalty.
        seed: Seed of the latents that are drawn in training.

    Example:
        >>> import numpy as np
        >>> import tensorflow as tf
        >>> from keras_fashion.models import GAN_PRESETS
        >>> gan = GAN_PRESETS["default"].make(num_categories=3, picture_size=(16, 16), width=4)
        >>> pictures, categories = tf.zeros((16, 16, 16, 3)), tf.zeros(16, tf.int32)
        >>> history = gan.fit(tf.data.Dataset.from_tensors((pictures, categories)), verbose=0)
        >>> gan.draw(np.zeros((2, gan.latent_dim), np.float32), np.array([0, 1])).shape
        (2, 16, 16, 3)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        average_decay: float = 0.998,
        gradient_penalty: float = 0.0,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.generator = generator
        self.ema_generator = generator.__class__.from_config(generator.get_config())
        self.ema_generator.set_weights(generator.get_weights())
        self.ema_generator.trainable = False
        self.discriminator = discriminator
        self.average_decay = average_decay
        self.gradient_penalty = gradient_penalty
        self.seed = seed
        self.mixed_precision = keras.config.dtype_policy().compute_dtype != "float32"
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.num_categories = generator.num_categories
        self.picture_size = generator.picture_size
        self.latent_dim = generator.latent_dim
        self.generator_loss = keras.metrics.Mean("generator_loss")
        self.discriminator_loss = keras.metrics.Mean("discriminator_loss")
        self.built = True

    @property
    def optimizers(self) -> list[keras.Optimizer]:
        """Both, for checkpoints."""
        return [self.generator_optimizer, self.discriminator_optimizer]

    @property
    def metrics(self) -> list[keras.Metric]:
        """The two losses, as means over the epoch."""
        return [self.generator_loss, self.discriminator_loss]

    def call(self, inputs: list[tf.Tensor], training: bool = False) -> tf.Tensor:
        """(B, H, W, 3) pictures of `[latents, category]` by the averaged generator."""
        return self.ema_generator(inputs)

    def sample_latents(self, count: int | tf.Tensor) -> tf.Tensor:
        """(count, latent_dim) float32 latents from the prior U(-1, 1)."""
        return keras.random.uniform((count, self.latent_dim), -1.0, 1.0, seed=self.seed_generator)

    def draw(self, latents: np.ndarray, category: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) uint8 pictures of (N, latent_dim) latents in (N,) categories, by batches."""
        pictures = np.empty((len(latents), *self.picture_size, 3), np.uint8)
        for start in range(0, len(latents), DRAWN_TOGETHER):
            some = slice(start, start + DRAWN_TOGETHER)
            kinds = np.asarray(category[some], np.int32)
            pictures[some] = unscale(self.ema_generator([latents[some], kinds], training=False))
        return pictures

    def discriminate(self, pictures: np.ndarray, category: np.ndarray) -> np.ndarray:
        """(N,) float32 verdicts on (N, H, W, 3) uint8 pictures in (N,) categories, by batches."""
        verdicts = np.empty(len(pictures), np.float32)
        for start in range(0, len(pictures), DRAWN_TOGETHER):
            some = slice(start, start + DRAWN_TOGETHER)
            kinds = tf.constant(category[some], tf.int32)
            judged = self.discriminator([scale(pictures[some]), kinds], training=False)
            verdicts[some] = judged[:, 0]
        return verdicts

    def compile(
        self,
        generator_optimizer: keras.Optimizer,
        discriminator_optimizer: keras.Optimizer,
        jit_compile: bool = False,
    ) -> None:
        """Chooses the optimizers.

        Args:
            generator_optimizer: Trains the generator. A generator that learns faster than the
                discriminator collapses to one garment a category.
            discriminator_optimizer: Trains the discriminator.
            jit_compile: whether to compile the step with XLA: on a CPU it is many times slower
                than the plain graph for transposed convolutions.
        """
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)
        super().compile(optimizer=self.generator_optimizer, jit_compile=jit_compile)

    def train_step(self, data: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step of the discriminator, then one of the generator, on the same fakes."""
        pictures, category = data
        # Drawn for the batch, of which a replica has a part.
        latents = own_rows(self.sample_latents(tf.shape(category)[0] * replicas()))
        with tf.GradientTape() as tape:
            fakes = self.generator([latents, category], training=True)
            with tape.stop_recording():
                discriminator_loss = self.discriminator_step(pictures, fakes, category)
            verdicts = self.discriminator([fakes, category], training=True)
            generator_loss = least_squares_generator_loss(verdicts)
            share = share_of(generator_loss)
        variables = self.generator.trainable_variables
        self.generator_optimizer.apply(_dense(tape.gradient(share, variables)), variables)
        self.average_weights()
        self.generator_loss.update_state(generator_loss)
        self.discriminator_loss.update_state(discriminator_loss)
        return self.get_metrics_result()

    def discriminator_step(
        self, pictures: tf.Tensor, fakes: tf.Tensor, category: tf.Tensor
    ) -> tf.Tensor:
        """Moves the discriminator once; returns its loss before the move."""
        with tf.GradientTape() as tape:
            # Apart: where batches are normalized, a batch is all real or all generated.
            loss = least_squares_discriminator_loss(
                self.discriminator([pictures, category], training=True),
                self.discriminator([fakes, category], training=True),
            )
            penalized = share_of(loss + self.penalty(pictures, category))
        variables = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply(_dense(tape.gradient(penalized, variables)), variables)
        return loss

    def penalty(self, pictures: tf.Tensor, category: tf.Tensor) -> tf.Tensor | float:
        """What is added to the discriminator's loss at this step."""
        if not self.gradient_penalty:
            return 0.0
        weight = PENALTY_EVERY * self.gradient_penalty / 2
        due = self.discriminator_optimizer.iterations % PENALTY_EVERY == 0
        return tf.cond(
            due,
            lambda: weight * gradient_penalty(self.discriminator, pictures, category),
            lambda: 0.0,
        )

    def average_weights(self) -> None:
        """Moves `ema_generator` towards `generator`, batch statistics included."""
        steps = tf.cast(self.generator_optimizer.iterations, tf.float32)
        moved = 1.0 - tf.minimum(self.average_decay, steps / (steps + AVERAGE_PART))
        for average, value in zip(self.ema_generator.weights, self.generator.weights, strict=True):
            average.value.assign_sub(moved * (average.value - value.value))

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "average_decay": self.average_decay,
            "gradient_penalty": self.gradient_penalty,
            "seed": self.seed,
            "mixed_precision": self.mixed_precision,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ConditionalGAN":
        """A model of the same shape and precision, untrained."""
        config = dict(config)
        with mixed_precision(config.pop("mixed_precision")):
            for name in ("generator", "discriminator"):
                config[name] = keras.saving.deserialize_keras_object(config[name])
            return cls(**config)

    def get_compile_config(self) -> dict[str, Any]:
        """Arguments of `compile`, serialized."""
        return {
            "generator_optimizer": keras.saving.serialize_keras_object(self.generator_optimizer),
            "discriminator_optimizer": keras.saving.serialize_keras_object(
                self.discriminator_optimizer
            ),
            "jit_compile": self.jit_compile,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles as `get_compile_config` says."""
        self.compile(**{k: keras.saving.deserialize_keras_object(v) for k, v in config.items()})


def _dense(gradients: list[tf.Tensor | tf.IndexedSlices]) -> list[tf.Tensor]:
    """Gradients whose repeated rows are summed.

    A category that stands in a batch several times gives the gradient of an embedding several
    parts of one row, and Keras's adaptive optimizers are wrong where these are not summed first.
    """
    return [tf.convert_to_tensor(gradient) for gradient in gradients]
