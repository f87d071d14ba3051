"""Several trained recommenders as one, whose preference is the mean of theirs."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.split import Split
from keras_fashion.errors import InputError
from keras_fashion.models.scoring_vectors import ScoringVectors
from keras_fashion.models.trained import TrainedRecommender


class RecommenderEnsemble:
    """Several DVBPR of a catalogue, trained with different seeds, as one trained recommender.

    A search that maximizes the preference by one recommender also finds its errors, which
    recommenders of other seeds share only in part. The preference of the ensemble is the mean of
    the preferences, each in standard deviations over the items, times the mean of these deviations.
    It is again θ_u·Φ(X): the vectors of the recommenders, θ_u divided by its deviation, are
    concatenated, so that the ensemble takes the place of a recommender everywhere.

    Args:
        recommenders: Two trained DVBPR or more, without latent vectors and biases of items, of the
            same catalogue and split and for pictures of the same size.

    Attributes:
        model: Its `encoder`, which maps pictures to all embeddings, and `user_embedding`.
        vectors: Concatenated vectors of all users and items.
        catalogue: The catalogue.
        split: The split of the first recommender.

    Raises:
        InputError: If the recommenders are for pictures of different sizes.

    Example:
        >>> from types import SimpleNamespace
        >>> encoder = SimpleNamespace(picture_size=(32, 32))  # stands for an encoder
        >>> users, items = np.array([[1.0], [2.0]]), np.array([[0.0], [2.0]])
        >>> one, other = (
        ...     SimpleNamespace(
        ...         model=SimpleNamespace(encoder=encoder),
        ...         vectors=ScoringVectors(factor * users, items, np.zeros(2)),
        ...         catalogue=None,
        ...         split=None,
        ...     )
        ...     for factor in (1.0, 3.0)
        ... )
        >>> RecommenderEnsemble([one, other]).vectors.scores(np.array([0, 1])).tolist()
        [[0.0, 4.0], [0.0, 8.0]]
    """

    def __init__(self, recommenders: Sequence[TrainedRecommender]) -> None:
        self.catalogue: Catalogue = recommenders[0].catalogue
        self.split: Split = recommenders[0].split
        deviations = np.stack([_score_deviations(each.vectors) for each in recommenders])
        shares = deviations.mean(axis=0) / deviations / len(recommenders)
        users = [
            share[:, None] * each.vectors.users
            for share, each in zip(shares, recommenders, strict=True)
        ]
        self.vectors = ScoringVectors(
            users=np.concatenate(users, axis=1).astype(np.float32),
            items=np.concatenate([each.vectors.items for each in recommenders], axis=1),
            biases=np.zeros(len(recommenders[0].vectors.items), np.float32),
        )
        encoders = [each.model.encoder for each in recommenders]
        self.model = _EnsembleModel(_JoinedEncoder(encoders), self.vectors.users)


def _score_deviations(vectors: ScoringVectors) -> np.ndarray:
    """Returns the standard deviation of each user's scores over the items, (U,) float, above 0.

    It follows from the covariance of the items' vectors; the table of all scores has U x I numbers.
    """
    covariance = np.atleast_2d(np.cov(vectors.items.T, bias=True))
    variances = np.einsum("uk,kl,ul->u", vectors.users, covariance, vectors.users, optimize=True)
    return np.maximum(np.sqrt(np.maximum(variances, 0.0)), 1e-6)


class _JoinedEncoder:
    """Maps pictures (B, H, W, 3) to the embeddings of several encoders, concatenated."""

    def __init__(self, encoders: Sequence[tf.Module]) -> None:
        sizes = sorted({tuple(encoder.picture_size) for encoder in encoders})
        if len(sizes) > 1:
            raise InputError(
                f"recommenders that see pictures of {sizes[0]} and of {sizes[1]} cannot be one; "
                "train them with the same picture size."
            )
        self.encoders = list(encoders)
        self.picture_size = sizes[0]

    def __call__(self, pictures: tf.Tensor) -> tf.Tensor:
        return tf.concat([encoder(pictures) for encoder in self.encoders], axis=-1)


class _EnsembleModel:
    """What preference maximization needs of a model."""

    def __init__(self, encoder: _JoinedEncoder, users: np.ndarray) -> None:
        self.encoder = encoder
        self._users = users

    def user_embedding(self, user: tf.Tensor) -> tf.Tensor:
        """Returns θ of (B,) int users, (B, K) float32."""
        return tf.gather(self._users, user)
