"""What the studies and the exports need of a trained recommender, wherever it is kept."""

from typing import Any, Protocol

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.split import Split
from keras_fashion.models.scoring_vectors import ScoringVectors


class TrainedRecommender(Protocol):
    """A recommender together with the data that it was trained on.

    A run folder of the application has these attributes, and so does anything else that sets them.

    Attributes:
        model: The trained model.
        vectors: Its scoring vectors.
        catalogue: The catalogue that it was trained on.
        split: The split that it was trained on.

    Example:
        >>> from types import SimpleNamespace
        >>> from keras_fashion.models import TrainedRecommender
        >>> def number_of_users(recommender: TrainedRecommender) -> int:
        ...     return len(recommender.vectors.users)
        >>> number_of_users(SimpleNamespace(vectors=SimpleNamespace(users=[[0.5], [0.1]])))
        2
    """

    @property
    def model(self) -> Any:
        """The trained model."""
        ...

    @property
    def vectors(self) -> ScoringVectors:
        """Its scoring vectors."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue that it was trained on."""
        ...

    @property
    def split(self) -> Split:
        """The split that it was trained on."""
        ...
