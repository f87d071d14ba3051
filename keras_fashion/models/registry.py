"""The recommenders that can be trained by name: a line for each.

A recommender is one module of this package and one line here. The module is imported only when the
model is needed, so that the names can be listed without TensorFlow.
"""

from importlib import import_module
from typing import Any, NamedTuple


class RegisteredRecommender(NamedTuple):
    """Where a recommender is defined, and what it is in one sentence.

    Attributes:
        module: Module of `keras_fashion.models`.
        class_name: Class in the module.
        summary: One sentence for lists of models.
    """

    module: str
    class_name: str
    summary: str


RECOMMENDERS = {
    name: RegisteredRecommender(*fields)
    for name, fields in {
        "random": ("counting", "RandomScores", "Random scores, the baseline of every table."),
        "poprank": ("counting", "PopRank", "Popularity: every user gets what is bought most."),
        "biasedmf": ("matrix_factorization", "BiasedMF", "Matrix factorization with all biases."),
        "bprmf": ("matrix_factorization", "BPRMF", "Matrix factorization trained by BPR."),
        "warp": ("matrix_factorization", "WARP", "Matrix factorization for the top of the list."),
        "categorypop": ("counting", "CategoryPopularity", "Popularity of categories."),
        "categoryfreq": ("counting", "CategoryFrequency", "Categories that the user bought."),
        "visrank": ("visrank", "VisRank", "What looks like the mean of what the user bought."),
        "visrankmax": ("visrank", "VisRankMax", "What looks like one item that the user bought."),
        "fm": ("factorization_machine", "FM", "Factorization machine over item attributes."),
        "itemknn": ("item_knn", "ItemKNN", "What is bought with what the user bought."),
        "vbpr": ("vbpr", "VBPR", "Matrix factorization with frozen visual features."),
        "dvbpr": ("dvbpr", "DVBPR", "Learns item embeddings from the pixels, end to end."),
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
        KeyError: If there is no recommender of that name.

    Example:
        >>> from keras_fashion.models.registry import recommender_class
        >>> recommender_class("poprank").__name__
        'PopRank'
    """
    entry = RECOMMENDERS[name]
    return getattr(import_module(f"keras_fashion.models.{entry.module}"), entry.class_name)
