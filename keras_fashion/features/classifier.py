"""The category classifier of a catalogue, trained once and kept beside it."""

import sys

import keras
import numpy as np
from tqdm.keras import TqdmCallback

from keras_fashion.atomic_files import atomic_write
from keras_fashion.data import Catalogue, labeled_pictures
from keras_fashion.models import CategoryClassifier
from keras_fashion.models.loading import load


def category_classifier(catalogue: Catalogue) -> CategoryClassifier:
    """Loads the catalogue's classifier, or trains it at the first call.

    It stands in for a network trained on ImageNet, which cannot be had without a download: its
    features are the default ones of VisRank and VBPR, its class probabilities score generated
    pictures. It sees pictures and categories only, never feedback.
    """
    path = catalogue.derived / "category_classifier.keras"
    if not path.is_file():
        # A seed of its own: the classifier belongs to the catalogue, not to a run.
        keras.utils.set_random_seed(0)
        model = CategoryClassifier(len(catalogue.categories))
        model.compile(
            optimizer=keras.optimizers.Adam(1e-3),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        pictures = catalogue.pictures(model.picture_size)
        # A batch larger than the catalogue would be dropped, and nothing learned.
        batch_size = min(64, len(pictures))
        batches = labeled_pictures(
            pictures, catalogue.item_categories, batch_size, seed=0, flip=True
        )
        model.fit(
            batches,
            epochs=epochs_for(len(catalogue.item_ids)),
            steps_per_epoch=len(pictures) // batch_size,
            shuffle=False,
            verbose=0,
            callbacks=[TqdmCallback(verbose=0, desc="category classifier", file=sys.stderr)],
        )
        with atomic_write(path) as aside:
            model.save(aside)
    return load(path)


def epochs_for(num_items: int) -> int:
    """About 20,000 pictures' worth of training, at least one pass and at most ten."""
    return int(np.clip(20_000 // num_items, 1, 10))
