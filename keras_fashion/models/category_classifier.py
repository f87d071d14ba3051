"""A small CNN that tells the catalogue's categories apart, and the frozen features it learns."""

from collections.abc import Sequence
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="keras_fashion")
class CategoryClassifier(keras.Model):
    """Classifies pictures into the categories of the catalogue.

    It stands in, offline, for the CNN pretrained on ImageNet of the literature: its `features`
    are the frozen visual features f_i of VBPR (He and McAuley, AAAI 2016) and VisRank, and its
    class probabilities take Inception's place in the inception score.

    Every stage halves the picture. The features are the spatial averages of *all* stages side by
    side: a classifier's last stage alone keeps what tells categories apart (shape) and forgets
    what taste is also made of (color and texture), which the early stages still carry. They are
    standardized over the training pictures, so that no stage drowns another in a dot product or
    a distance.

    Args:
        num_categories: number of categories, the length of the logits.
        picture_size: height and width it is trained at; others are better resized to it first.
        widths: number of filters of each stage; their sum is the length F of the features.
        **kwargs: passed to `keras.Model` (name, dtype).

    Call:
        pictures: (B, H, W, 3) float32 in [-1, 1], any H and W.
        Returns logits, (B, num_categories) float32.

    Example:
        ```python
        classifier = CategoryClassifier(num_categories=6)
        classifier.compile(
            optimizer="adam",
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        classifier.fit(labeled_pictures(...), epochs=4)
        features = classifier.features(pictures)  # (B, 128)
        ```
    """

    def __init__(
        self,
        num_categories: int,
        picture_size: tuple[int, int] = (64, 64),
        widths: Sequence[int] = (24, 32, 32, 40),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_categories < 1:
            raise ValueError(f"num_categories must be at least 1, received {num_categories}")
        if not widths or min(widths) < 1:
            raise ValueError(f"widths must be positive numbers of filters, received {widths}")
        self.num_categories = num_categories
        self.picture_size = tuple(picture_size)
        self.widths = tuple(widths)
        # Momentum 0.9: a few epochs on a small catalogue are too few steps for Keras's 0.99.
        self.stages = [
            keras.Sequential(
                [
                    keras.layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False),
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
        self.logits = keras.layers.Dense(num_categories, name="logits")

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Creates the weights for pictures of shape (B, H, W, 3)."""
        channels = input_shape[-1]
        for stage, width in zip(self.stages, self.widths, strict=True):
            stage.build((None, None, None, channels))
            channels = width
        self.standardize.build((None, sum(self.widths)))
        self.logits.build((None, sum(self.widths)))
        self.built = True

    def features(self, pictures: Any, training: bool = False) -> Any:
        """The penultimate layer.

        Args:
            pictures: (B, H, W, 3) float32 in [-1, 1].
            training: whether normalization uses the batch's statistics.

        Returns:
            (B, F) float32, F = sum(widths): mean 0 and variance 1 over the training pictures.
        """
        averages = []
        for stage in self.stages:
            pictures = stage(pictures, training=training)
            averages.append(self.average(pictures))
        return self.standardize(keras.ops.concatenate(averages, axis=-1), training=training)

    def call(self, pictures: Any, training: bool = False) -> Any:
        """Logits (B, num_categories) of pictures (B, H, W, 3) float32 in [-1, 1]."""
        return self.logits(self.features(pictures, training=training))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_categories": self.num_categories,
            "picture_size": self.picture_size,
            "widths": list(self.widths),
        }
