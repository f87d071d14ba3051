"""The recommenders that can be trained by name: a line for each.

A recommender is one module of this package and one line here. The module is imported only when the
model is needed, so that the names can be listed without TensorFlow.
"""

from importlib import import_module
from typing import Any, NamedTuple

from keras_fashion.errors import InputError


class RegisteredRecommender(NamedTuple):
    """Where a recommender is defined, and a description of it.

    Attributes:
        module: Module of `keras_fashion.models`.
        class_name: Class in the module.
        summary: Description for lists of models.
    """

    module: str
    class_name: str
    summary: str


RECOMMENDERS = {
    name: RegisteredRecommender(*fields)
    for name, fields in {
        "random": ("counting", "RandomScores", "Random scores, as a baseline."),
        "poprank": ("counting", "PopRank", "Popularity, the same for all users."),
        "biasedmf": ("matrix_factorization", "BiasedMF", "Matrix factorization with all biases."),
        "bprmf": ("matrix_factorization", "BPRMF", "Matrix factorization trained by BPR."),
        "warp": ("matrix_factorization", "WARP", "Matrix factorization trained by WARP."),
        "als": ("als", "ALS", "Matrix factorization of all pairs by least squares."),
        "categorypop": ("counting", "CategoryPopularity", "Popularity of the item's category."),
        "categoryfreq": (
            "counting",
            "CategoryFrequency",
            "Frequency of the category for the user.",
        ),
        "recentpop": (
            "recent_popularity",
            "RecentPopularity",
            "Popularity in the last weeks.",
        ),
        "decayedpop": (
            "recent_popularity",
            "DecayedPopularity",
            "Popularity that fades with time.",
        ),
        "recentcategorypop": (
            "recent_popularity",
            "RecentCategoryPopularity",
            "Popularity of the category in the last weeks.",
        ),
        "visrank": ("visrank", "VisRank", "Items that look like the mean of the user's purchases."),
        "visrankmax": (
            "visrank",
            "VisRankMax",
            "Items that look like one of the user's purchases.",
        ),
        "fm": ("factorization_machine", "FM", "Factorization machine over item attributes."),
        "itemknn": ("item_knn", "ItemKNN", "Items bought together with the user's purchases."),
        "ease": ("ease", "EASE", "Linear autoencoder over the items, in closed form."),
        "vbpr": ("vbpr", "VBPR", "Matrix factorization with frozen visual features."),
        "deepstyle": ("deepstyle", "DeepStyle", "VBPR without what a category has in common."),
        "amr": ("amr", "AMR", "VBPR trained to withstand changes of the features."),
        "dvbpr": ("dvbpr", "DVBPR", "Item embeddings learned from the pixels, end to end."),
    }.items()
}
"""Name of each recommender to its definition, in the order of lists."""


def recommender_class(name: str) -> Any:
    """Imports the class of a recommender.

    Args:
        name: Name in `RECOMMENDERS`.

    Returns:
        A class with `from_catalogue`, `fit_settings`, `scorer` and `scoring_vectors`: a
        `Recommender` or, if its scores are not linear in the user, another Keras model.

    Raises:
        InputError: If there is no recommender of that name.

    Example:
        >>> from keras_fashion.models.registry import recommender_class
        >>> recommender_class("poprank").__name__
        'PopRank'
    """
    if name not in RECOMMENDERS:
        raise InputError(f"there is no recommender {name!r}; there are {', '.join(RECOMMENDERS)}.")
    entry = RECOMMENDERS[name]
    return getattr(import_module(f"keras_fashion.models.{entry.module}"), entry.class_name)
