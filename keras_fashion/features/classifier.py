"""The category classifier of a catalogue, trained once and kept with the catalogue."""

import sys

import keras
import numpy as np
from tqdm.keras import TqdmCallback

from keras_fashion.atomic_files import atomic_write
from keras_fashion.data import Catalogue, labeled_pictures
from keras_fashion.models import CategoryClassifier
from keras_fashion.models.loading import load

SEED = 0
"""Seed of the weights and of the order of the pictures. It is the same in all calls, because the
classifier belongs to the catalogue and not to the model that needs it first."""


def category_classifier(catalogue: Catalogue) -> CategoryClassifier:
    """Loads the category classifier of a catalogue, which the first call trains.

    It replaces a network trained on ImageNet, which has to be downloaded: its features are the
    default features of VisRank and VBPR, and its class probabilities score generated pictures. It
    is trained on pictures and categories only, never on interactions.

    Args:
        catalogue: Catalogue with the pictures and categories. The classifier is kept in its folder,
            as `category_classifier.keras`.

    Example:
        >>> from pathlib import Path
        >>> from types import SimpleNamespace
        >>> classifier = CategoryClassifier(num_categories=6)
        >>> classifier.build((None, 64, 64, 3))
        >>> classifier.save("category_classifier.keras")
        >>> catalogue = SimpleNamespace(derived=Path("."))
        >>> category_classifier(catalogue).num_categories
        6
    """
    path = catalogue.derived / "category_classifier.keras"
    if not path.is_file():
        model = _train(catalogue)
        with atomic_write(path) as aside:
            model.save(aside)
    return load(path)


def _train(catalogue: Catalogue) -> CategoryClassifier:
    model = CategoryClassifier(len(catalogue.categories), seed=SEED)
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    pictures = catalogue.pictures(model.picture_size)
    # A batch larger than the catalogue would be dropped.
    batch_size = min(64, len(pictures))
    batches = labeled_pictures(
        pictures, catalogue.item_categories, batch_size, seed=SEED, flip=True
    )
    model.fit(
        batches,
        epochs=num_epochs(len(catalogue.item_ids)),
        steps_per_epoch=len(pictures) // batch_size,
        shuffle=False,
        verbose=0,
        callbacks=[TqdmCallback(verbose=0, desc="category classifier", file=sys.stderr)],
    )
    return model


def num_epochs(num_items: int) -> int:
    """Computes how many epochs show about 20,000 pictures: at least 1 and at most 10.

    Example:
        >>> num_epochs(4000)
        5
    """
    return int(np.clip(20_000 // num_items, 1, 10))
