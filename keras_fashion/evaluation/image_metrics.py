"""All scores of generated pictures, compared with real ones."""

from dataclasses import dataclass

import numpy as np

from keras_fashion.errors import InputError
from keras_fashion.evaluation.by_category import check_categories, picture_agreement
from keras_fashion.evaluation.picture_set import PictureSet
from keras_fashion.features.evaluation_classifier import EvaluationClassifier
from keras_fashion.metrics.agreement import CategoryAgreement
from keras_fashion.metrics.diversity import opposite_ssim_by_category
from keras_fashion.metrics.frechet_and_kernel_distance import frechet_distance, kernel_distance
from keras_fashion.metrics.inception import inception_score
from keras_fashion.metrics.manifold import density_coverage, precision_recall
from keras_fashion.metrics.nearest_neighbors import nearest_real

MIN_PICTURES = 6
"""Smallest number of pictures of a set: the fifth nearest other picture must exist."""
SUBSET_SIZE = 1000
"""Number of pictures in a subset of the kernel distance, if there are twice as many."""

NETWORKS = {
    "fid": ("", "FID's Inception"),
    "imagenet": ("imagenet_", "Keras's ImageNet Inception"),
    "category": ("category_", "a classifier of the categories"),
}
"""Networks that compute features: the prefix of their scores' names, and a description. Only the
scores by FID's Inception have the names that papers print."""


@dataclass(frozen=True)
class ScoreMeaning:
    """Description of a score.

    Attributes:
        text: What it measures, in a few words.
        better: `lower`, `higher`, or the best value.
    """

    text: str
    better: str


FEATURE_SCORES = {
    "frechet_distance": ScoreMeaning(
        "distance of the features' means and covariances (FID)", "lower"
    ),
    "kernel_distance": ScoreMeaning("squared maximum mean discrepancy, unbiased (KID)", "lower, 0"),
    "kernel_distance_deviation": ScoreMeaning("standard deviation of KID between subsets", ""),
    "precision": ScoreMeaning("share of generated pictures among real ones", "higher"),
    "recall": ScoreMeaning("share of real pictures among generated ones", "higher"),
    "density": ScoreMeaning("density of generated pictures around real ones", "higher, 1"),
    "coverage": ScoreMeaning("share of real pictures with a generated one near", "higher"),
}
"""Scores of `feature_scores`, without prefix."""

_NEAREST_SCORES = {
    "nearest_median_generated": ScoreMeaning(
        "median distance of generated pictures to the nearest real one", ""
    ),
    "nearest_median_real": ScoreMeaning(
        "median distance of real pictures to the nearest other real one", ""
    ),
    "nearest_share_nearer": ScoreMeaning(
        "share of generated pictures as near to a real one as the nearest 1 % of real ones", "0.01"
    ),
    "nearest_probability_nearer": ScoreMeaning(
        "probability that a generated picture is nearer to a real one than a real one is", "0.5"
    ),
}
MEANINGS = {
    prefix + name: meaning
    for prefix, _ in NETWORKS.values()
    for name, meaning in (FEATURE_SCORES | _NEAREST_SCORES).items()
} | {
    "inception_score_real": ScoreMeaning("Inception score of real pictures", ""),
    "inception_score": ScoreMeaning(
        "Inception score: clear pictures of many ImageNet classes", "higher"
    ),
    "category_inception_score_real": ScoreMeaning(
        "Inception score of real pictures by the category classifier", ""
    ),
    "category_inception_score": ScoreMeaning(
        "Inception score by categories: clear pictures of many of them", "higher"
    ),
    "category_accuracy_real": ScoreMeaning("classifier's accuracy on held-out real pictures", ""),
    "category_accuracy": ScoreMeaning("classifier's accuracy on generated pictures", "higher"),
    "category_accuracy_ratio": ScoreMeaning(
        "accuracy on generated pictures over that on real ones", "higher, 1"
    ),
    "category_agreement_real": ScoreMeaning(
        "share of real pictures that look most like real ones of their category", ""
    ),
    "category_agreement": ScoreMeaning(
        "share of generated pictures that look most like real ones of their category", "higher"
    ),
    "category_agreement_ratio": ScoreMeaning(
        "agreement of generated pictures over that of real ones", "higher, 1"
    ),
    "opposite_ssim_real": ScoreMeaning("diversity of the real pictures", ""),
    "opposite_ssim": ScoreMeaning("diversity of the generated pictures", "as real"),
}
"""Every possible score, in the order of tables."""


def feature_scores(
    real: np.ndarray, generated: np.ndarray, network: str, seed: int = 0
) -> dict[str, float]:
    """Computes the scores that compare two sets of features.

    The function of each score (`keras_fashion.metrics`) says which paper it is from and which
    sample sizes it needs.

    Args:
        real: Features of shape (N, F) of real pictures, N >= `MIN_PICTURES`.
        generated: Features of shape (M, F) of generated pictures, M >= `MIN_PICTURES`, by the same
            network.
        network: Key of `NETWORKS`: the network that the features are by.
        seed: Seed of the random subsets of the kernel distance.

    Returns:
        The scores of `FEATURE_SCORES`; names begin with the prefix of the network.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.evaluation import feature_scores
        >>> features = np.arange(24.0).reshape(12, 2)
        >>> scores = feature_scores(features, features, "category")
        >>> scores["category_precision"], scores["category_coverage"]
        (1.0, 1.0)
    """
    subset_size = min(SUBSET_SIZE, len(real) // 2, len(generated) // 2)
    kernel = kernel_distance(real, generated, subset_size, seed=seed)
    scores = {
        "frechet_distance": frechet_distance(real, generated),
        "kernel_distance": kernel.mean,
        "kernel_distance_deviation": kernel.standard_deviation,
        **precision_recall(real, generated)._asdict(),
        **density_coverage(real, generated)._asdict(),
    }
    return {NETWORKS[network][0] + name: scores[name] for name in FEATURE_SCORES}


def image_scores(
    real: PictureSet,
    generated: PictureSet,
    real_features: np.ndarray,
    generated_features: np.ndarray,
    network: str,
    classes: tuple[np.ndarray, np.ndarray] | None = None,
    classifier: EvaluationClassifier | None = None,
    seed: int = 0,
    agreement: CategoryAgreement | None = None,
) -> dict[str, float]:
    """Computes all scores of generated pictures that the arguments suffice for.

    If both sets have categories, the diversity (opposite SSIM) is within categories, and the
    agreement with the categories is computed. The category accuracy and the agreement are
    comparable with the real ones if both sets have the categories in the same proportions.

    Args:
        real: N pictures, at least `MIN_PICTURES`.
        generated: M pictures of the same size, at least `MIN_PICTURES`.
        real_features: Array of shape (N, F), float.
        generated_features: Array of shape (M, F), float, by the same network.
        network: Key of `NETWORKS`: the network that the features are by.
        classes: ImageNet class probabilities of both sets, of shapes (N, K) and (M, K).
        classifier: Evaluation classifier, trained on real pictures.
        seed: Seed of the random subsets and pairs.
        agreement: What `picture_agreement` returned for the generated pictures and the real ones,
            or more real ones; by default it is computed from both sets.

    Returns:
        The scores by name, a part of `MEANINGS` in its order.

    Raises:
        InputError: If a set has too few pictures, or pictures are too small, see `check_sets`.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.evaluation import PictureSet, image_scores
        >>> pictures = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3), np.uint8)
        >>> pictures, features = PictureSet(pictures, None), pictures.mean(axis=(1, 2))
        >>> scores = image_scores(pictures, pictures, features, features, "fid")
        >>> scores["precision"], scores["nearest_share_nearer"]
        (1.0, 1.0)
    """
    # The real pictures of a given agreement have all categories; these may be a sample of them.
    check_sets(real, generated if agreement is None else PictureSet(generated.pictures, None))
    prefix = NETWORKS[network][0]
    scores = feature_scores(real_features, generated_features, network, seed)
    summary = nearest_real(real_features, generated_features).summary._asdict()
    scores |= {f"{prefix}nearest_{name}": value for name, value in summary.items()}
    if classes is not None:
        scores["inception_score_real"] = inception_score(classes[0])
        scores["inception_score"] = inception_score(classes[1])
    if classifier is not None:
        scores |= _category_scores(real, generated, classifier)
    if real.categories is not None and generated.categories is not None:
        scores |= _agreement(agreement or picture_agreement(real, generated))
    scores |= _diversity(real, generated, seed)
    return {name: scores[name] for name in MEANINGS if name in scores}


def check_sets(real: PictureSet, generated: PictureSet) -> None:
    """Checks that two sets can be compared.

    Args:
        real: Real pictures.
        generated: Generated pictures.

    Raises:
        InputError: If a set has fewer than `MIN_PICTURES` pictures, pictures are below 7x7, or
            generated ones have a category that no real one has.
    """
    for name, pictures in (("real", real), ("generated", generated)):
        if len(pictures) < MIN_PICTURES:
            raise InputError(
                f"there are {len(pictures)} {name} pictures, and comparing sets takes at least "
                f"{MIN_PICTURES} of each; give more."
            )
    height, width = generated.pictures.shape[1:3]
    if min(height, width) < 7:
        raise InputError(
            f"pictures of {height}x{width} are below the 7x7 of SSIM's window; give a larger "
            "`picture_size`."
        )
    check_categories(real, generated)


def _category_scores(
    real: PictureSet, generated: PictureSet, classifier: EvaluationClassifier
) -> dict[str, float]:
    probabilities = classifier.probabilities(generated.pictures)
    scores = {
        "category_inception_score_real": inception_score(classifier.probabilities(real.pictures)),
        "category_inception_score": inception_score(probabilities),
    }
    if generated.categories is not None:
        predicted = classifier.categories[probabilities.argmax(axis=1)]
        accuracy = float((predicted == generated.categories).mean())
        scores |= {
            "category_accuracy_real": classifier.held_out_accuracy,
            "category_accuracy": accuracy,
        }
        if classifier.held_out_accuracy:
            scores["category_accuracy_ratio"] = accuracy / classifier.held_out_accuracy
    return scores


def _agreement(agreement: CategoryAgreement) -> dict[str, float]:
    overall = agreement.overall
    scores = {
        "category_agreement_real": overall.real,
        "category_agreement": overall.generated,
        "category_agreement_ratio": overall.ratio,
    }
    return {name: value for name, value in scores.items() if value is not None}


def _diversity(real: PictureSet, generated: PictureSet, seed: int) -> dict[str, float]:
    scores = {}
    within_categories = _has_pairs(real) and _has_pairs(generated)
    for name, each in (("opposite_ssim_real", real), ("opposite_ssim", generated)):
        categories = each.categories if within_categories else None
        if categories is None:
            categories = np.zeros(len(each))
        scores[name] = opposite_ssim_by_category(each.pictures, categories, seed=seed)
    return scores


def _has_pairs(pictures: PictureSet) -> bool:
    """Returns whether a category has two pictures."""
    categories = pictures.categories
    return categories is not None and len(np.unique(categories)) < len(categories)
