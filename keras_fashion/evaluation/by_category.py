"""Scores of generated pictures by category, so that a rare one that fails is seen."""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_fashion.errors import InputError
from keras_fashion.evaluation.picture_set import PictureSet
from keras_fashion.features.evaluation_classifier import EvaluationClassifier
from keras_fashion.metrics.agreement import CategoryAgreement, category_agreement

AGREEMENT_SIZE = (16, 16)
"""Height and width to which pictures are averaged before they are compared by their pixels."""


def picture_agreement(real: PictureSet, generated: PictureSet) -> CategoryAgreement:
    """Computes the agreement of pictures with their categories, by pixels.

    The features of `category_agreement` are the pictures themselves, averaged to
    `AGREEMENT_SIZE`: nothing is learned, so that no category is unknown to a network for being
    rare. At this size an outline and its colors decide, and texture does not.

    Args:
        real: N pictures with categories, N > 5.
        generated: M pictures of the same size with categories, each of which a real one has.

    Returns:
        A `CategoryAgreement`, over the 5 nearest real pictures.

    Raises:
        InputError: If generated pictures have a category that no real one has.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.evaluation import PictureSet, picture_agreement
        >>> pictures = np.full((12, 20, 20, 3), 255, np.uint8)
        >>> pictures[6:, 5:15] = 0
        >>> real = PictureSet(pictures, np.repeat(["Bags", "Tops"], 6))
        >>> generated = PictureSet(pictures[:2], np.array(["Bags", "Tops"]))
        >>> picture_agreement(real, generated).overall.ratio
        0.5
    """
    check_categories(real, generated)
    return category_agreement(
        _averaged(real.pictures),
        real.categories,
        _averaged(generated.pictures),
        generated.categories,
    )


def category_scores(
    agreement: CategoryAgreement,
    generated: PictureSet,
    classifier: EvaluationClassifier | None = None,
) -> list[dict[str, Any]]:
    """Lists the scores of each category, those of many real pictures first.

    Args:
        agreement: What `picture_agreement` returned for the real and the generated pictures.
        generated: M pictures with categories.
        classifier: Evaluation classifier, trained on real pictures.

    Returns:
        An object for JSON of each category: `category`, `real_pictures`, `generated_pictures`,
        `agreement_real`, `agreement` and `agreement_ratio` (see `Agreement`), and
        `classifier_accuracy` on the generated pictures, which is None without a classifier or
        generated pictures.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.evaluation import PictureSet, category_scores
        >>> from keras_fashion.metrics import category_agreement
        >>> real, categories = [[0.0], [8.0], [9.0]], ["Bags", "Tops", "Tops"]
        >>> generated = PictureSet(np.zeros((1, 8, 8, 3), np.uint8), np.array(["Tops"]))
        >>> agreement = category_agreement(real, categories, [[7.0]], ["Tops"], num_neighbors=1)
        >>> tops, bags = category_scores(agreement, generated)
        >>> tops["agreement_ratio"], bags["generated_pictures"]
        (1.0, 0)
    """
    accuracies: dict[str, float] = {}
    if classifier is not None:
        asked = np.asarray(generated.categories)
        chosen = classifier.probabilities(generated.pictures).argmax(axis=1)
        is_right = classifier.categories[chosen] == asked
        for name in np.unique(asked).tolist():
            accuracies[name] = float(is_right[asked == name].mean())
    rows = [
        {
            "category": name,
            "real_pictures": found.num_real,
            "generated_pictures": found.num_generated,
            "agreement_real": found.real,
            "agreement": found.generated,
            "agreement_ratio": found.ratio,
            "classifier_accuracy": accuracies.get(name),
        }
        for name, found in agreement.by_category.items()
    ]
    return sorted(rows, key=lambda row: -row["real_pictures"])


def check_categories(real: PictureSet, generated: PictureSet) -> None:
    """Checks that real pictures have all categories of the generated ones, if both have categories.

    Args:
        real: Real pictures.
        generated: Generated pictures.

    Raises:
        InputError: If generated pictures have a category that no real one has.
    """
    if real.categories is None or generated.categories is None:
        return
    known = np.unique(real.categories)
    unknown = np.setdiff1d(generated.categories, known)
    if len(unknown):
        raise InputError(
            f"generated pictures are of a category {str(unknown[0])!r} that no real one has; "
            f"these have {', '.join(known[:10].tolist())}."
        )


def _averaged(pictures: np.ndarray) -> np.ndarray:
    """Returns the mean of each cell of a grid, where a pixel counts by its area in the cell.

    Args:
        pictures: Array of shape (N, H, W, 3), uint8, of any size.

    Returns:
        Array of shape (N, F), float32.
    """
    batches = (
        tf.image.resize(pictures[start : start + 256], AGREEMENT_SIZE, method="area")
        for start in range(0, len(pictures), 256)
    )
    return np.concatenate([np.reshape(batch, (len(batch), -1)) for batch in batches])
