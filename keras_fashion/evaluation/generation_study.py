"""How well designs please, beside what exists: the talk's table and its curve over eta."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from keras_fashion.design.preference_maximiser import Designs, PreferenceMaximiser
from keras_fashion.errors import InputError
from keras_fashion.evaluation.retrieval_vs_generation import (
    TOP,
    category_inception_score,
    generation,
    measures,
    random_generated,
    random_real,
    retrieval,
)
from keras_fashion.models.category_classifier import CategoryClassifier
from keras_fashion.run import Run

ETAS = (0.0, 0.3, 1.0, 3.0, 10.0, 30.0)


@dataclass(frozen=True)
class GenerationStudy:
    """What was measured on N (user, category) pairs.

    Attributes:
        users: (N,) dense indices.
        categories: (N,) dense indices: each user's is that of their test item.
        designs: The designs at eta = 1.
        random_codes_pictures: (N, 3, H, W, 3) uint8, from random codes in the same categories.
        table: For random real, random generated, retrieval and generation: mean preference,
            category inception score, mean opposite SSIM, at the paper's top 3.
        eta: A row an eta: mean preference, mean discriminator output, category inception score.
    """

    users: np.ndarray
    categories: np.ndarray
    designs: Designs
    random_codes_pictures: np.ndarray
    table: dict[str, dict[str, float]]
    eta: list[dict[str, float]]


def generation_study(
    recommender: Run,
    gan: Run,
    classifier: CategoryClassifier,
    maximiser: PreferenceMaximiser,
    pairs: int = 36,
    pairs_for_eta: int = 12,
    etas: Sequence[float] = ETAS,
    seed: int = 0,
) -> GenerationStudy:
    """Compares designs with existing items for users drawn at random.

    Args:
        recommender: Run of a DVBPR.
        gan: Run of a GAN of the same catalogue.
        classifier: The catalogue's category classifier, for the quality.
        maximiser: Over the models of the two runs.
        pairs: N, how many users at most.
        pairs_for_eta: How many of them the curve over eta is measured on.
        etas: The weights of realism to measure.
        seed: Decides users, random items, codes and restarts.

    Raises:
        InputError: If no test item is of a category with three items.
    """
    catalogue = recommender.catalogue
    pictures = catalogue.pictures(gan.model.picture_size)
    # A category of one or two items has no top 3.
    large = np.bincount(catalogue.item_categories, minlength=len(catalogue.categories)) >= TOP
    test = recommender.split.test
    test = test[large[catalogue.item_categories[test[:, 1]]]]
    if not len(test):
        raise InputError(
            f"no test item of {recommender.path} is in a category of {TOP} or more items; "
            "retrieval and generation cannot be compared."
        )
    rng = np.random.default_rng(seed)
    users, items = test[rng.permutation(len(test))[:pairs]].T
    categories = catalogue.item_categories[items]

    existing = (recommender.vectors, pictures, catalogue.item_categories, users, categories)
    with tqdm(total=1 + len(etas), desc="designs", unit="eta") as progress:
        designs = generation(maximiser, users, categories, seed)
        progress.update()
        curve = []
        for eta in etas:
            some = generation(
                maximiser, users[:pairs_for_eta], categories[:pairs_for_eta], seed, eta
            )
            curve.append(
                {
                    "eta": eta,
                    "preference": float(some.preference.mean()),
                    "discriminator": float(some.realism.mean()),
                    "quality": category_inception_score(some.pictures, classifier),
                }
            )
            progress.update()
    drawn = random_generated(maximiser, users, categories, seed)
    returned = {
        "random_real": random_real(*existing, seed),
        "random_generated": drawn,
        "retrieval": retrieval(*existing),
        "generation": designs,
    }
    return GenerationStudy(
        users=users,
        categories=categories,
        designs=designs,
        random_codes_pictures=drawn.pictures,
        table={name: measures(each, classifier) for name, each in returned.items()},
        eta=curve,
    )
