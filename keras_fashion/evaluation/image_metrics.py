"""All that is measured of generated pictures, beside real ones."""

from dataclasses import asdict, dataclass

import numpy as np

from keras_fashion.errors import InputError
from keras_fashion.evaluation.category_judge import EvaluationClassifier
from keras_fashion.evaluation.picture_set import PictureSet
from keras_fashion.metrics.diversity import opposite_ssim_by_category
from keras_fashion.metrics.frechet_and_kernel_distance import frechet_distance, kernel_distance
from keras_fashion.metrics.inception import inception_score
from keras_fashion.metrics.manifold import density_coverage, precision_recall
from keras_fashion.metrics.nearest_neighbors import nearest_real

FEWEST = 6
"""Pictures of a set: the fifth nearest other one must exist."""
SUBSET = 1000
"""Pictures of a subset of the kernel distance, where there are so many."""

NETWORKS = {
    "fid": ("", "FID's Inception"),
    "imagenet": ("imagenet_", "Keras's ImageNet Inception"),
    "category": ("category_", "the category judge"),
}
"""Where features come from: what the names of their scores begin with, and how it is called.
Only those of FID's Inception bear the names that papers print."""


@dataclass(frozen=True)
class ScoreMeaning:
    """What a score is.

    Attributes:
        text: In a few words.
        better: `lower`, `higher`, or what is best.
    """

    text: str
    better: str


_BY_FEATURES = {
    "frechet_distance": ScoreMeaning("distance of means and covariances (FID)", "lower"),
    "kernel_distance": ScoreMeaning("unbiased squared discrepancy (KID)", "lower, 0"),
    "kernel_distance_deviation": ScoreMeaning("its deviation between subsets", ""),
    "precision": ScoreMeaning("share of generated among the real", "higher"),
    "recall": ScoreMeaning("share of real among the generated", "higher"),
    "density": ScoreMeaning("crowding of generated where real ones are", "higher, 1"),
    "coverage": ScoreMeaning("share of real with a generated one near", "higher"),
    "nearest_median_generated": ScoreMeaning("median distance to the nearest real one", ""),
    "nearest_median_real": ScoreMeaning("the same, of real to other real ones", ""),
    "nearest_share_nearer": ScoreMeaning("share as near as the nearest 1 % of real", "0.01"),
    "nearest_probability_nearer": ScoreMeaning("nearer to a real one than real; 1 copies", "0.5"),
}
MEANINGS = {
    prefix + name: meaning
    for prefix, _ in NETWORKS.values()
    for name, meaning in _BY_FEATURES.items()
} | {
    "inception_score_real": ScoreMeaning("of the real pictures", ""),
    "inception_score": ScoreMeaning("clear pictures, many ImageNet classes", "higher"),
    "category_inception_score_real": ScoreMeaning("of the real pictures", ""),
    "category_inception_score": ScoreMeaning("the same by the judge's categories", "higher"),
    "category_accuracy_real": ScoreMeaning("judge's accuracy on held-out real ones", ""),
    "category_accuracy": ScoreMeaning("judge's accuracy on generated ones", "higher"),
    "category_accuracy_ratio": ScoreMeaning("generated over real", "higher, 1"),
    "opposite_ssim_real": ScoreMeaning("diversity of the real pictures", ""),
    "opposite_ssim": ScoreMeaning("diversity of the generated ones", "as real"),
}
"""Every score that there may be, in the order of tables."""


def image_scores(
    real: PictureSet,
    generated: PictureSet,
    real_features: np.ndarray,
    generated_features: np.ndarray,
    network: str,
    classes: tuple[np.ndarray, np.ndarray] | None = None,
    judge: EvaluationClassifier | None = None,
    seed: int = 0,
) -> dict[str, float]:
    """All scores of generated pictures that what is given suffices for.

    Which papers they are from, and what sample sizes they need, is said by each metric's own
    function. The diversity (opposite SSIM) is within categories where both sets have them. The
    category accuracy is comparable with the real one where both sets have the categories in the
    same proportions.

    Args:
        real: N pictures, at least `FEWEST`.
        generated: M pictures of the same size, at least `FEWEST`.
        real_features: (N, F) float.
        generated_features: (M, F) float, by the same network.
        network: Which of `NETWORKS` the features are by.
        classes: (N, K) and (M, K), ImageNet class probabilities of both sets.
        judge: Trained on real pictures.
        seed: Of random subsets and pairs.

    Returns:
        By name, of those in `MEANINGS`, in their order.

    Raises:
        InputError: If a set has too few pictures or pictures are too small, see `check_sets`.
    """
    check_sets(real, generated)
    prefix = NETWORKS[network][0]
    subset = min(SUBSET, len(real) // 2, len(generated) // 2)
    kernel = kernel_distance(real_features, generated_features, subset, seed=seed)
    found = {
        "frechet_distance": frechet_distance(real_features, generated_features),
        "kernel_distance": kernel.mean,
        "kernel_distance_deviation": kernel.standard_deviation,
        **asdict(precision_recall(real_features, generated_features)),
        **asdict(density_coverage(real_features, generated_features)),
    }
    summary = asdict(nearest_real(real_features, generated_features).summary)
    found |= {f"nearest_{name}": value for name, value in summary.items()}
    scores = {prefix + name: value for name, value in found.items()}
    if classes is not None:
        scores["inception_score_real"] = inception_score(classes[0])
        scores["inception_score"] = inception_score(classes[1])
    if judge is not None:
        scores |= _judged(real, generated, judge)
    scores |= _diversity(real, generated, seed)
    return {name: scores[name] for name in MEANINGS if name in scores}


def check_sets(real: PictureSet, generated: PictureSet) -> None:
    """Whether two sets can be compared.

    Raises:
        InputError: If a set has fewer than `FEWEST` pictures, pictures are below 7x7, or
            generated ones have a category that real ones have not.
    """
    for name, pictures in (("real", real), ("generated", generated)):
        if len(pictures) < FEWEST:
            raise InputError(
                f"there are {len(pictures)} {name} pictures, and comparing sets takes at least "
                f"{FEWEST} of each; give more."
            )
    height, width = generated.pictures.shape[1:3]
    if min(height, width) < 7:
        raise InputError(
            f"pictures of {height}x{width} are below the 7x7 of SSIM's window; give a larger "
            "--picture-size."
        )
    if real.categories is not None and generated.categories is not None:
        known = np.unique(real.categories)
        unknown = np.setdiff1d(generated.categories, known)
        if len(unknown):
            raise InputError(
                f"generated pictures are of a category {str(unknown[0])!r} that no real one has; "
                f"these have {', '.join(known[:10].tolist())}."
            )


def _judged(
    real: PictureSet, generated: PictureSet, judge: EvaluationClassifier
) -> dict[str, float]:
    probabilities = judge.probabilities(generated.pictures)
    scores = {
        "category_inception_score_real": inception_score(judge.probabilities(real.pictures)),
        "category_inception_score": inception_score(probabilities),
    }
    if generated.categories is not None:
        told = judge.categories[probabilities.argmax(axis=1)]
        accuracy = float((told == generated.categories).mean())
        scores |= {
            "category_accuracy_real": judge.held_out_accuracy,
            "category_accuracy": accuracy,
        }
        if judge.held_out_accuracy:
            scores["category_accuracy_ratio"] = accuracy / judge.held_out_accuracy
    return scores


def _diversity(real: PictureSet, generated: PictureSet, seed: int) -> dict[str, float]:
    within = all(
        each.categories is not None and np.unique(each.categories, return_counts=True)[1].max() > 1
        for each in (real, generated)
    )
    return {
        name: opposite_ssim_by_category(
            each.pictures, each.categories if within else np.zeros(len(each)), seed=seed
        )
        for name, each in (("opposite_ssim_real", real), ("opposite_ssim", generated))
    }
