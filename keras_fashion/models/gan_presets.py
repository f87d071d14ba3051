"""Presets of conditional GANs, as data."""

from dataclasses import dataclass

import keras

from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.models.dcgan import DVBPRDiscriminator, DVBPRGenerator
from keras_fashion.models.discriminator import Discriminator
from keras_fashion.models.dtype_policy import dtype_policy_scope
from keras_fashion.models.energy_gan import EnergyGAN
from keras_fashion.models.generator import Generator
from keras_fashion.models.upsampling_generator import UpsamplingGenerator
from keras_fashion.optimizers import FusedAdam, InverseRootDecay


@dataclass(frozen=True)
class GANPreset:
    """A pair of networks and the constants of their training.

    Attributes:
        model: Class of the GAN, which decides on the losses.
        generator: Class of the generator.
        discriminator: Class of the discriminator.
        width: Width of both networks, which is proportional to their numbers of channels.
        latent_dim: Length of a latent z.
        batch_size: Number of pictures in a step.
        category_power: Power of the number of pictures of a category to which its share of the
            training is proportional; see `keras_fashion.data.labeled_pictures`.
        learning_rate: Learning rate of the generator's optimizer.
        discriminator_learning_rate: Learning rate of the discriminator's optimizer.
        constant_steps: Number of steps after which both learning rates fall in proportion to the
            inverse root of the step (`keras_fashion.optimizers.InverseRootDecay`); 0 keeps them
            constant.
        beta_1: Decay of the first moment of both optimizers.
        beta_2: Decay of the second moment of both optimizers.
        average_decay: Decay of the average of the generator's weights; see `ConditionalGAN`.
        gradient_penalty: Weight γ of the gradient penalty; see `ConditionalGAN`.

    Example:
        >>> from keras_fashion.models import GAN_PRESETS
        >>> preset = GAN_PRESETS["default"]
        >>> preset.latent_dim, preset.batch_size
        (100, 8)
        >>> gan = preset.make(num_categories=3, picture_size=(16, 16), width=4, seed=1)
        >>> gan.sample_latents(5).shape
        TensorShape([5, 100])
    """

    model: type[ConditionalGAN]
    generator: type[keras.Model]
    discriminator: type[keras.Model]
    width: int
    latent_dim: int
    batch_size: int
    category_power: float
    learning_rate: float
    discriminator_learning_rate: float
    constant_steps: int
    beta_1: float
    beta_2: float
    average_decay: float
    gradient_penalty: float

    def make(
        self,
        num_categories: int,
        picture_size: tuple[int, int] = (64, 64),
        width: int | None = None,
        learning_rate: float | None = None,
        mixed_precision: bool = False,
        jit_compile: bool = False,
        seed: int = 0,
    ) -> ConditionalGAN:
        """Creates a compiled, untrained GAN.

        Args:
            num_categories: Number of categories.
            picture_size: Height and width in pixels, each divisible by 16.
            width: Number of channels in place of the preset's. The time of a step grows with its
                square.
            learning_rate: Initial learning rate of the generator in place of the preset's. That of
                the discriminator changes in proportion.
            mixed_precision: Whether convolutions compute in bfloat16. Weights, losses and pictures
                stay float32.
            jit_compile: Whether to compile the step with XLA; see `ConditionalGAN.compile`.
            seed: Seed of the initial weights and of the latents that are drawn in training.

        Raises:
            InputError: If the picture size is not divisible by 16.
        """
        width = width or self.width
        weights = keras.random.SeedGenerator(seed)
        with dtype_policy_scope("mixed_bfloat16" if mixed_precision else "float32"):
            gan = self.model(
                self.generator(num_categories, picture_size, self.latent_dim, width, weights),
                self.discriminator(num_categories, picture_size, width, weights),
                self.average_decay,
                self.gradient_penalty,
                seed,
            )
        factor = learning_rate / self.learning_rate if learning_rate else 1.0
        gan.compile(
            self._optimizer(factor * self.learning_rate),
            self._optimizer(factor * self.discriminator_learning_rate),
            jit_compile=jit_compile,
        )
        return gan

    def _optimizer(self, learning_rate: float) -> FusedAdam:
        schedule: float | InverseRootDecay = learning_rate
        if self.constant_steps:
            schedule = InverseRootDecay(learning_rate, self.constant_steps)
        return FusedAdam(schedule, beta_1=self.beta_1, beta_2=self.beta_2)


GAN_PRESETS = {
    "default": GANPreset(
        model=EnergyGAN,
        generator=UpsamplingGenerator,
        discriminator=Discriminator,
        width=32,
        latent_dim=100,
        batch_size=8,
        category_power=0.5,
        learning_rate=2e-3,
        discriminator_learning_rate=8e-4,
        constant_steps=2300,
        beta_1=0.5,
        beta_2=0.99,
        average_decay=0.9999,
        gradient_penalty=1.0,
    ),
    # The default of version 0.1.
    "least-squares": GANPreset(
        model=ConditionalGAN,
        generator=Generator,
        discriminator=Discriminator,
        width=64,
        latent_dim=100,
        batch_size=16,
        category_power=1.0,
        learning_rate=4e-4,
        discriminator_learning_rate=4e-4,
        constant_steps=0,
        beta_1=0.5,
        beta_2=0.99,
        average_decay=0.998,
        gradient_penalty=1.0,
    ),
    # The code released with the paper, except for the latents. They are drawn from U(-1, 1) as in
    # the paper, where the code draws from N(0, 1): a search over z needs them to be bounded.
    "dvbpr": GANPreset(
        model=ConditionalGAN,
        generator=DVBPRGenerator,
        discriminator=DVBPRDiscriminator,
        width=64,
        latent_dim=256,
        batch_size=16,
        category_power=1.0,
        learning_rate=1e-4,
        discriminator_learning_rate=1e-4,
        constant_steps=0,
        beta_1=0.5,
        beta_2=0.99,
        average_decay=0.0,
        gradient_penalty=0.0,
    ),
}
"""The presets by name: "default" matches real pictures in frozen features, "least-squares" trains
by the discriminator alone, and "dvbpr" is that of the paper's code."""
