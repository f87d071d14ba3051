"""The ways of giving people three garments that the talk compares."""

import numpy as np

from keras_fashion.design.preference_maximizer import Designs, PreferenceMaximizer
from keras_fashion.models.conditional_gan import ConditionalGAN

TOP = 3
"""Pictures returned for each user, as in the paper."""


def random_items(item_categories: np.ndarray, categories: np.ndarray, seed: int) -> np.ndarray:
    """Three items of the category, drawn at random.

    Args:
        item_categories: (I,) int; each category asked for needs at least three items.
        categories: (N,) dense indices.
        seed: Decides the draw.

    Returns:
        (N, 3) dense items.
    """
    rng = np.random.default_rng(seed)
    return np.stack(
        [
            rng.choice(np.flatnonzero(item_categories == category), TOP, replace=False)
            for category in categories
        ]
    )


def retrieved_items(
    scores: np.ndarray, item_categories: np.ndarray, categories: np.ndarray
) -> np.ndarray:
    """The category's three items of highest preference, bought ones included, the best first.

    Args:
        scores: (N, I) float, each user's preference for every item.
        item_categories: (I,) int; each category asked for needs at least three items.
        categories: (N,) dense indices.

    Returns:
        (N, 3) dense items.
    """
    allowed = np.where(item_categories == categories[:, None], scores, -np.inf)
    return np.argsort(-allowed, axis=1, kind="stable")[:, :TOP]


def random_designs(gan: ConditionalGAN, categories: np.ndarray, seed: int) -> np.ndarray:
    """G(z, c) for three latents from the prior each, (N, 3, H, W, 3) uint8."""
    rng = np.random.default_rng(seed)
    latents = rng.uniform(-1, 1, (len(categories) * TOP, gan.latent_dim)).astype(np.float32)
    pictures = gan.draw(latents, np.repeat(categories, TOP))
    return pictures.reshape(len(categories), TOP, *pictures.shape[1:])


def generation(
    maximizer: PreferenceMaximizer,
    users: np.ndarray,
    categories: np.ndarray,
    seed: int,
    eta: float = 1.0,
) -> Designs:
    """The three best designs for each of (N,) users in (N,) categories; eta weighs realism."""
    user_embeddings = maximizer.recommender.user_embedding(users)
    return maximizer.design_for(user_embeddings, categories, TOP, np.full(len(users), eta), seed)
