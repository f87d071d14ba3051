"""The methods that return three pictures of a category to a user, which the studies compare."""

import numpy as np

from keras_fashion.design.preference_maximizer import Designs, PreferenceMaximizer
from keras_fashion.models.picture_generator import PictureGenerator

TOP = 3
"""Number of pictures that each user gets, as in the paper."""


def random_items(item_categories: np.ndarray, categories: np.ndarray, seed: int) -> np.ndarray:
    """Draws three items of a category for each user.

    Args:
        item_categories: Category of each item, of shape (I,), int; each category in `categories`
            needs at least three items.
        categories: Category of each user, of shape (N,), int.
        seed: Seed of the draw.

    Returns:
        Dense indices of items, of shape (N, 3).

    Example:
        >>> import numpy as np
        >>> from keras_fashion.evaluation import random_items
        >>> sorted(random_items(np.array([0, 1, 0, 0]), np.array([0]), seed=0)[0].tolist())
        [0, 2, 3]
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
    """Finds the three items of a category with the highest preference, known ones included.

    Args:
        scores: Preference of each user for every item, of shape (N, I), float.
        item_categories: Category of each item, of shape (I,), int; each category in `categories`
            needs at least three items.
        categories: Category of each user, of shape (N,), int.

    Returns:
        Dense indices of items, of shape (N, 3), the best first.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.evaluation import retrieved_items
        >>> scores = np.array([[0.3, 0.9, 0.1, 0.5]])
        >>> retrieved_items(scores, np.array([0, 1, 0, 0]), np.array([0])).tolist()
        [[3, 0, 2]]
    """
    allowed = np.where(item_categories == categories[:, None], scores, -np.inf)
    return np.argsort(-allowed, axis=1, kind="stable")[:, :TOP]


def random_designs(gan: PictureGenerator, categories: np.ndarray, seed: int) -> np.ndarray:
    """Draws G(z, c) for three latents z of the prior for each user.

    Args:
        gan: The generator.
        categories: Category c of each user, of shape (N,), int.
        seed: Seed of the latents.

    Returns:
        Pictures of shape (N, 3, H, W, 3), uint8.

    Example:
        >>> from types import SimpleNamespace
        >>> import numpy as np
        >>> from keras_fashion.evaluation import random_designs
        >>> def draw(latents, categories):
        ...     return np.zeros((len(latents), 16, 16, 3), np.uint8)
        >>> gan = SimpleNamespace(latent_dim=8, draw=draw)
        >>> random_designs(gan, np.array([0, 2]), seed=0).shape
        (2, 3, 16, 16, 3)
    """
    rng = np.random.default_rng(seed)
    latents = rng.uniform(-1, 1, (len(categories) * TOP, gan.latent_dim)).astype(np.float32)
    pictures = gan.draw(latents, np.repeat(categories, TOP))
    return pictures.reshape(len(categories), TOP, *pictures.shape[1:])


def maximized_designs(
    maximizer: PreferenceMaximizer,
    users: np.ndarray,
    categories: np.ndarray,
    seed: int,
    eta: float | None = None,
) -> Designs:
    """Finds the three best designs for each user in their category.

    Args:
        maximizer: Maximizer over the recommender and the GAN.
        users: Dense indices of shape (N,).
        categories: Category of each user, of shape (N,), int.
        seed: Seed of the restarts.
        eta: Weight of realism; that of the procedure by default.

    Returns:
        The designs, three for each user.
    """
    user_embeddings = maximizer.recommender.user_embedding(users)
    eta = maximizer.procedure.eta if eta is None else eta
    return maximizer.design_for(user_embeddings, categories, TOP, np.full(len(users), eta), seed)
