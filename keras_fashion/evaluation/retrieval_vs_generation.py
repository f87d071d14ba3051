"""The talk's table: what is retrieved for a taste against what is designed for it."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from keras_fashion.catalogue.pictures import scale, unscale
from keras_fashion.design.preference_maximiser import Designs, PreferenceMaximiser
from keras_fashion.evaluation.inception_score import inception_score
from keras_fashion.evaluation.opposite_ssim import opposite_ssim
from keras_fashion.models.category_classifier import CategoryClassifier
from keras_fashion.models.recommender import ScoringVectors

TOP = 3
"""Pictures returned for each user, as in the paper."""


@dataclass(frozen=True)
class Returned:
    """What one method returns for N (user, category) pairs.

    Attributes:
        pictures: (N, 3, H, W, 3) uint8.
        preference: (N, 3) float32, theta . Phi.
    """

    pictures: np.ndarray
    preference: np.ndarray


def measures(returned: Returned | Designs, classifier: CategoryClassifier) -> dict[str, float]:
    """Mean preference, category inception score of all pictures, mean opposite SSIM.

    The talk's inception score needs the network of that name, trained on ImageNet; the
    catalogue's own category classifier stands in for it, so `quality` can be compared within a
    catalogue only.
    """
    return {
        "preference": float(returned.preference.mean()),
        "quality": category_inception_score(returned.pictures, classifier),
        "opposite_ssim": float(np.mean([opposite_ssim(each) for each in returned.pictures])),
    }


def category_inception_score(pictures: np.ndarray, classifier: CategoryClassifier) -> float:
    """Inception score of (..., H, W, 3) uint8 pictures under the catalogue's classifier."""
    flat = scale(pictures.reshape(-1, *pictures.shape[-3:]))
    seen = tf.image.resize(flat, classifier.picture_size, antialias=True)
    logits = classifier.predict(seen, batch_size=256, verbose=0)
    return inception_score(tf.nn.softmax(logits).numpy())


def random_real(
    vectors: ScoringVectors,
    pictures: np.ndarray,
    item_categories: np.ndarray,
    users: np.ndarray,
    categories: np.ndarray,
    seed: int,
) -> Returned:
    """Three items of the category, drawn at random.

    Args:
        vectors: The recommender's scoring vectors.
        pictures: (I, H, W, 3) uint8, the items' pictures at the GAN's size.
        item_categories: (I,) int; each category asked for needs at least three items.
        users: (N,) dense indices.
        categories: (N,) dense indices.
        seed: Decides the draw.
    """
    rng = np.random.default_rng(seed)
    members = _members(item_categories, categories)
    items = np.stack([rng.choice(among, TOP, replace=False) for among in members])
    return _items(vectors, pictures, users, items)


def retrieval(
    vectors: ScoringVectors,
    pictures: np.ndarray,
    item_categories: np.ndarray,
    users: np.ndarray,
    categories: np.ndarray,
) -> Returned:
    """The category's three items of highest preference, bought ones included.

    Arguments as for `random_real`.
    """
    scores = vectors.scores(users)
    best = [
        among[np.argsort(-row[among], kind="stable")[:TOP]]
        for row, among in zip(scores, _members(item_categories, categories), strict=True)
    ]
    return _items(vectors, pictures, users, np.stack(best))


def random_generated(
    maximiser: PreferenceMaximiser, users: np.ndarray, categories: np.ndarray, seed: int
) -> Returned:
    """G(z, c) for three codes from the prior.

    Args:
        maximiser: Gives the recommender and the GAN.
        users: (N,) dense indices.
        categories: (N,) dense indices.
        seed: Decides the codes.
    """
    codes = tf.reshape(maximiser.prior(len(users) * TOP, seed), [len(users), TOP, -1])
    tastes = maximiser.recommender.taste(users)
    pictures, preference, _ = maximiser.judge(codes, tastes, tf.constant(categories, tf.int32))
    return Returned(unscale(pictures).numpy(), preference.numpy())


def generation(
    maximiser: PreferenceMaximiser,
    users: np.ndarray,
    categories: np.ndarray,
    seed: int,
    eta: float = 1.0,
) -> Designs:
    """The three best designs. Arguments as for `random_generated`; eta weighs realism."""
    tastes = maximiser.recommender.taste(users)
    return maximiser.design_for(tastes, categories, TOP, np.full(len(users), eta), seed)


def _members(item_categories: np.ndarray, categories: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(item_categories == category) for category in categories]


def _items(
    vectors: ScoringVectors, pictures: np.ndarray, users: np.ndarray, items: np.ndarray
) -> Returned:
    scores = vectors.scores(users)
    return Returned(pictures[items], np.take_along_axis(scores, items, axis=1))
