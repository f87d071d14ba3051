"""Scores of a folder of generated pictures, beside real ones in a folder or a catalogue."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from keras_fashion.atomic_files import atomic_write
from keras_fashion.data import Catalogue
from keras_fashion.data.pictures import DECODER
from keras_fashion.errors import InputError
from keras_fashion.evaluation.category_judge import train_evaluation_classifier
from keras_fashion.evaluation.image_metrics import NETWORKS, check_sets, image_scores
from keras_fashion.evaluation.picture_set import (
    PictureSet,
    common_size,
    drawn_rows,
    picture_paths,
    pictures_in_folder,
    pictures_of_catalogue,
)
from keras_fashion.models.inception import InceptionFeatures, inception_features

AT_A_TIME = 2048
"""Pictures from one writing of the file to the next: an interruption loses no more."""


def kept_inception_features(
    catalogue: Catalogue,
    items: np.ndarray,
    picture_size: tuple[int, int],
    inception: InceptionFeatures,
) -> np.ndarray:
    """Features of some items at a size, of which only those are computed that are not yet kept.

    They are kept in `catalogue.derived`, in a file of that size and of those weights, (I, F)
    float32 with NaN for items that nobody has asked for.

    Args:
        catalogue: Whose pictures.
        items: (N,) int.
        picture_size: Height and width that the pictures are brought to before Inception's own.
        inception: The network.

    Returns:
        (N, F) float32.
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
    for start in range(0, len(missing), AT_A_TIME):
        some = missing[start : start + AT_A_TIME]
        kept[some] = inception.features(pictures[some])
        with atomic_write(path) as aside:
            np.save(aside, kept)
    return kept[items]


def _read(path: os.PathLike) -> np.ndarray | None:
    try:
        return np.load(path)
    except (ValueError, OSError, EOFError):  # damaged: it can be made again
        return None


def score_images(
    real: Path,
    generated: Path,
    inception: str | Path | None = None,
    count: int | None = None,
    picture_size: tuple[int, int] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Reads both sets, has networks look at them and measures.

    The judge of categories learns from all real pictures, whatever `count` says, where they have
    two or more categories.

    Args:
        real: Folder of pictures, with a sub-folder for each category where they are known, or a
            prepared catalogue.
        generated: Folder of pictures, likewise.
        inception: What `inception_features` takes; without it features are those of the judge.
        count: Pictures of each set at most, drawn at random.
        picture_size: Height and width that all are brought to; by default the generated ones'.
        seed: Of all that is drawn, and of the judge's training.

    Returns:
        A JSON object: both sets, the network, and `scores` by the names of `image_scores`.

    Raises:
        InputError: If something cannot be read or compared.
    """
    paths = picture_paths(generated)
    picked = drawn_rows(len(paths), count, seed)
    paths = [paths[row] for row in picked]
    size = picture_size or common_size(paths)
    drawn = pictures_in_folder(generated, paths, size)
    # Before the real ones, which may take minutes, are decoded.
    network = inception_features(inception) if inception is not None else None
    if (real / "catalogue.json").is_file():
        catalogue = Catalogue.load(real)
        everything = pictures_of_catalogue(catalogue, size)
    else:
        catalogue = None
        everything = pictures_in_folder(real, picture_paths(real), size)
    rows = drawn_rows(len(everything), count, seed)
    exists = everything.of(rows)
    check_sets(everything, drawn)
    check_sets(exists, PictureSet(drawn.pictures, None))

    has_judge = everything.categories is not None and len(np.unique(everything.categories)) > 1
    if network is None and not has_judge:
        raise InputError(
            f"{real} has not two categories, from which the pictures' features could be learned; "
            "give --inception."
        )
    judge = train_evaluation_classifier(everything, seed) if has_judge else None
    classes = None
    if network is None:
        assert judge is not None
        features = judge.features(exists.pictures), judge.features(drawn.pictures)
        kind = "category"
    else:
        kind = network.kind
        if catalogue is not None:
            seen = kept_inception_features(catalogue, rows, size, network)
        else:
            seen = network.features(exists.pictures)
        features = seen, network.features(drawn.pictures)
        if network.head is not None:
            classes = network.probabilities(features[0]), network.probabilities(features[1])
    scores = image_scores(exists, drawn, *features, kind, classes, judge, seed)
    return {
        "real": {"path": str(real), "pictures": len(exists), "available": len(everything)},
        "generated": {"path": str(generated), "pictures": len(drawn)},
        "picture_size": list(size),
        "seed": seed,
        "features": {
            "network": NETWORKS[kind][1],
            "weights": None if network is None else network.digest,
            "comparable_with_published": kind == "fid",
        },
        "judge": judge and {"held_out": judge.held_out, "categories": judge.categories.tolist()},
        "scores": scores,
    }
