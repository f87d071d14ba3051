"""Scores of a folder of generated pictures, compared with a folder or a catalogue of real ones."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from keras_fashion.atomic_files import atomic_write
from keras_fashion.data import Catalogue
from keras_fashion.data.pictures import DECODER
from keras_fashion.errors import InputError
from keras_fashion.evaluation.by_category import category_scores, picture_agreement
from keras_fashion.evaluation.image_metrics import NETWORKS, check_sets, image_scores
from keras_fashion.evaluation.picture_set import (
    PictureSet,
    common_size,
    picture_paths,
    pictures_in_folder,
    pictures_of_catalogue,
    sample_rows,
)
from keras_fashion.features.evaluation_classifier import train_evaluation_classifier
from keras_fashion.models.inception import InceptionFeatures, inception_features

PICTURES_PER_WRITE = 2048
"""Number of pictures after which features are saved: an interruption loses no more than these."""


def kept_inception_features(
    catalogue: Catalogue,
    items: np.ndarray,
    picture_size: tuple[int, int],
    inception: InceptionFeatures,
) -> np.ndarray:
    """Returns features of items' pictures, and computes only those that are not yet on disk.

    They are kept in `catalogue.derived`, in one file for each picture size and set of weights: an
    array of shape (I, F), float32, with NaN for items whose features were never computed.

    Args:
        catalogue: Catalogue with the pictures.
        items: Dense indices of shape (N,).
        picture_size: Height and width that the pictures are brought to before Inception's own.
        inception: The network.

    Returns:
        Features of shape (N, F), float32.
    """
    height, width = picture_size
    name = f"inception_{inception.digest[:12]}_{height}x{width}_{DECODER}.npy"
    path = catalogue.derived / name
    shape = (len(catalogue.item_ids), inception.network.output_shape[-1])
    kept = _read(path) if path.is_file() else None
    if kept is None or kept.shape != shape:
        kept = np.full(shape, np.nan, np.float32)
    missing = items[np.isnan(kept[items, 0])]
    pictures = catalogue.pictures(picture_size)
    for start in range(0, len(missing), PICTURES_PER_WRITE):
        batch = missing[start : start + PICTURES_PER_WRITE]
        kept[batch] = inception.features(pictures[batch])
        with atomic_write(path) as aside:
            np.save(aside, kept)
    return kept[items]


def _read(path: os.PathLike[str]) -> np.ndarray | None:
    try:
        return np.load(path)
    except (ValueError, OSError, EOFError):  # damaged: the features are computed again
        return None


def score_images(
    real: Path,
    generated: Path,
    inception: str | Path | None = None,
    count: int | None = None,
    picture_size: tuple[int, int] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Reads both sets of pictures, computes their features and scores the generated ones.

    If the real pictures have two categories or more, a classifier is trained on all of them,
    whatever `count` says (`train_evaluation_classifier`). The agreement with the categories is
    computed from all of them, too, so that no category is missing.

    Args:
        real: Folder of pictures, with a sub-folder for each category if they are known, or a
            prepared catalogue.
        generated: Folder of pictures of the same layout.
        inception: Weights for `inception_features`; without them the features are those of the
            classifier.
        count: Number of pictures of each set, drawn at random; by default all.
        picture_size: Height and width that all pictures are brought to; by default that of the
            generated ones.
        seed: Seed of all draws and of the classifier's training.

    Returns:
        An object for JSON: both sets, the network, `scores` by the names of `image_scores`, and
        `categories`, the list of `category_scores`, which is empty if a set has no categories.

    Raises:
        InputError: If something cannot be read or compared.
    """
    paths = picture_paths(generated)
    paths = [paths[row] for row in sample_rows(len(paths), count, seed)]
    size = picture_size or common_size(paths)
    generated_set = pictures_in_folder(generated, paths, size)
    # Before the real pictures are decoded, which may take minutes.
    network = inception_features(inception) if inception is not None else None
    if (real / "catalogue.json").is_file():
        catalogue = Catalogue.load(real)
        all_real = pictures_of_catalogue(catalogue, size)
    else:
        catalogue = None
        all_real = pictures_in_folder(real, picture_paths(real), size)
    rows = sample_rows(len(all_real), count, seed)
    real_set = all_real.take(rows)
    check_sets(all_real, generated_set)
    check_sets(real_set, PictureSet(generated_set.pictures, None))

    classifier = None
    if all_real.categories is not None and len(np.unique(all_real.categories)) > 1:
        classifier = train_evaluation_classifier(all_real.pictures, all_real.categories, seed)
    classes = None
    if network is not None:
        kind = network.kind
        if catalogue is not None:
            real_features = kept_inception_features(catalogue, rows, size, network)
        else:
            real_features = network.features(real_set.pictures)
        generated_features = network.features(generated_set.pictures)
        real_classes = network.probabilities(real_features)
        generated_classes = network.probabilities(generated_features)
        if real_classes is not None and generated_classes is not None:
            classes = real_classes, generated_classes
    elif classifier is not None:
        kind = "category"
        real_features = classifier.features(real_set.pictures)
        generated_features = classifier.features(generated_set.pictures)
    else:
        raise InputError(
            f"{real} has not two categories, from which the pictures' features could be learned; "
            "give `inception`."
        )
    agreement = None
    if all_real.categories is not None and generated_set.categories is not None:
        agreement = picture_agreement(all_real, generated_set)
    scores = image_scores(
        real_set,
        generated_set,
        real_features,
        generated_features,
        kind,
        classes,
        classifier,
        seed,
        agreement,
    )
    return {
        "real": {"path": str(real), "pictures": len(real_set), "available": len(all_real)},
        "generated": {"path": str(generated), "pictures": len(generated_set)},
        "picture_size": list(size),
        "seed": seed,
        "features": {
            "network": NETWORKS[kind][1],
            "weights": None if network is None else network.digest,
            "comparable_with_published": kind == "fid",
        },
        "judge": classifier
        and {
            "held_out": classifier.num_held_out,
            "categories": classifier.categories.tolist(),
        },
        "scores": scores,
        "categories": category_scores(agreement, generated_set, classifier) if agreement else [],
    }
