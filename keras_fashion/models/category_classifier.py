"""A small CNN that classifies pictures into the catalogue's categories."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="keras_fashion")
class CategoryClassifier(keras.Model):
    """Classifies pictures into the categories of the catalogue.

    It replaces the CNN pretrained on ImageNet of the literature where that cannot be downloaded:
    its `features` are the frozen visual features f_i of VBPR (He and McAuley, "VBPR: Visual
    Bayesian Personalized Ranking from Implicit Feedback", AAAI 2016) and of VisRank, and its class
    probabilities those of the inception score.

    Every stage halves the picture. The features are the concatenated spatial averages of *all*
    stages: the last stage of a classifier alone keeps what distinguishes categories (shape) and
    loses color and texture, on which preferences depend too and which the early stages still
    contain.
    The features are standardized over the training pictures, so that no stage dominates a dot
    product or a distance.

    Args:
        num_categories: Number of categories, the length of the logits.
        picture_size: Height and width in pixels of the pictures that it is trained on. Others
            should be resized to it first.
        widths: Number of filters of each stage. Their sum is the length F of the features.
        seed: Integer or `keras.random.SeedGenerator` for the initial weights.
        **kwargs: Arguments of `keras.Model`.

    Call arguments:
        pictures: (B, H, W, 3) float32 in [-1, 1], of any H and W.
        training: Whether to normalize by the statistics of the batch.

    Returns:
        Logits, (B, num_categories) float32.

    Raises:
        ValueError: If `num_categories` or one of `widths` is less than 1, or `widths` is empty.

    Example:
        >>> classifier = CategoryClassifier(num_categories=6)
        >>> pictures = tf.zeros((2, 32, 32, 3))
        >>> classifier(pictures).shape
        TensorShape([2, 6])
        >>> classifier.features(pictures).shape
        TensorShape([2, 128])
    """

    def __init__(
        self,
        num_categories: int,
        picture_size: tuple[int, int] = (64, 64),
        widths: Sequence[int] = (24, 32, 32, 40),
        seed: int | keras.random.SeedGenerator = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_categories < 1:
            raise ValueError(f"num_categories must be at least 1, received {num_categories}")
        if not widths or min(widths) < 1:
            raise ValueError(f"widths must be positive numbers of filters, received {widths}")
        self.num_categories = num_categories
        height, width = picture_size
        self.picture_size = (height, width)
        self.widths = tuple(widths)
        self.seed = seed if isinstance(seed, int) else None
        generator = keras.random.SeedGenerator(seed) if isinstance(seed, int) else seed
        glorot = keras.initializers.GlorotUniform(generator)
        # Momentum 0.9, because a few epochs on a small catalogue are too few steps for Keras's
        # 0.99.
        self.stages = [
            keras.Sequential(
                [
                    keras.layers.Conv2D(
                        width,
                        3,
                        strides=2,
                        padding="same",
                        use_bias=False,
                        kernel_initializer=glorot,
                    ),
                    keras.layers.BatchNormalization(momentum=0.9),
                    keras.layers.ReLU(),
                ],
                name=f"stage_{number}",
            )
            for number, width in enumerate(self.widths, start=1)
        ]
        self.average = keras.layers.GlobalAveragePooling2D()
        self.standardize = keras.layers.BatchNormalization(
            momentum=0.9, center=False, scale=False, name="standardize"
        )
        self.logits = keras.layers.Dense(num_categories, kernel_initializer=glorot, name="logits")

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Creates the weights for pictures of shape (B, H, W, 3)."""
        channels = input_shape[-1]
        for stage, width in zip(self.stages, self.widths, strict=True):
            stage.build((None, None, None, channels))
            channels = width
        self.standardize.build((None, sum(self.widths)))
        self.logits.build((None, sum(self.widths)))
        self.built = True

    def features(self, pictures: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Computes the input of the last layer.

        Args:
            pictures: (B, H, W, 3) float32 in [-1, 1].
            training: Whether to normalize by the statistics of the batch.

        Returns:
            (B, F) float32, F = sum(widths), with mean 0 and variance 1 over the training pictures.
        """
        averages = []
        for stage in self.stages:
            pictures = stage(pictures, training=training)
            averages.append(self.average(pictures))
        return self.standardize(keras.ops.concatenate(averages, axis=-1), training=training)

    def call(self, pictures: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Computes the logits: (B, H, W, 3) float32 in [-1, 1] to (B, num_categories) float32."""
        return self.logits(self.features(pictures, training=training))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        config = super().get_config() | {
            "num_categories": self.num_categories,
            "picture_size": self.picture_size,
            "widths": list(self.widths),
        }
        return config if self.seed is None else config | {"seed": self.seed}
