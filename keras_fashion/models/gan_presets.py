"""The conditional GANs that can be had by name: data, and how data becomes a model."""

from dataclasses import dataclass

import keras

from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.models.dcgan import DVBPRDiscriminator, DVBPRGenerator
from keras_fashion.models.discriminator import Discriminator
from keras_fashion.models.generator import Generator
from keras_fashion.models.mixed_precision import mixed_precision as precision
from keras_fashion.optimizers import FusedAdam


@dataclass(frozen=True)
class GANPreset:
    """A pair of networks and the constants of their training.

    Attributes:
        generator: class of the generator.
        discriminator: class of the discriminator.
        width: channels of both at half the picture's size.
        latent_dim: length of a latent z.
        batch_size: pictures a step.
        learning_rate: of both Adams.
        beta_1: of both Adams.
        beta_2: of both Adams.
        average_decay: see `ConditionalGAN`.
        gradient_penalty: see `ConditionalGAN`.
    """

    generator: type[keras.Model]
    discriminator: type[keras.Model]
    width: int
    latent_dim: int
    batch_size: int
    learning_rate: float
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
        """A compiled GAN, untrained.

        Args:
            num_categories: number of categories.
            picture_size: (H, W), each divisible by 16.
            width: instead of the preset's; the time of a step grows with its square.
            learning_rate: instead of the preset's.
            mixed_precision: whether convolutions run in bfloat16; weights, losses and pictures
                stay float32.
            jit_compile: see `ConditionalGAN.compile`.
            seed: decides initial weights and the latents drawn in training.

        Raises:
            InputError: if the picture size is not divisible by 16.
        """
        width = width or self.width
        weights = keras.random.SeedGenerator(seed)
        with precision(mixed_precision):
            gan = ConditionalGAN(
                self.generator(num_categories, picture_size, self.latent_dim, width, weights),
                self.discriminator(num_categories, picture_size, width, weights),
                self.average_decay,
                self.gradient_penalty,
                seed,
            )
        gan.compile(self._adam(learning_rate), self._adam(learning_rate), jit_compile)
        return gan

    def _adam(self, learning_rate: float | None) -> FusedAdam:
        return FusedAdam(
            learning_rate or self.learning_rate, beta_1=self.beta_1, beta_2=self.beta_2
        )


GAN_PRESETS = {
    "default": GANPreset(
        generator=Generator,
        discriminator=Discriminator,
        width=64,
        latent_dim=100,
        batch_size=16,
        learning_rate=4e-4,
        beta_1=0.5,
        beta_2=0.99,
        average_decay=0.998,
        gradient_penalty=1.0,
    ),
    # The code released with the paper, but for the latents: U(-1, 1) as the paper has it, where
    # the code draws from N(0, 1); a design needs them bounded.
    "dvbpr": GANPreset(
        generator=DVBPRGenerator,
        discriminator=DVBPRDiscriminator,
        width=64,
        latent_dim=256,
        batch_size=16,
        learning_rate=1e-4,
        beta_1=0.5,
        beta_2=0.99,
        average_decay=0.0,
        gradient_penalty=0.0,
    ),
}
