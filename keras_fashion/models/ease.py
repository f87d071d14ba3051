"""EASE: a linear autoencoder over the items, in closed form."""

from functools import cached_property
from typing import Annotated, Any, ClassVar, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from scipy.sparse import csr_array
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.split import Split
from keras_fashion.errors import InputError
from keras_fashion.models.fit_settings import FitSettings, SearchRange

LARGEST = 20_000
"""Largest number of users or items, whichever is smaller: the square of it is inverted."""


class EaseInteractions(NamedTuple):
    """What the scores of EASE follow from.

    Attributes:
        bought: (n, 2) int32, training pairs (user, item).
        num_users: () int, U.
        num_items: () int, I.
        regularization: () float, λ.

    Example:
        >>> EaseInteractions(np.array([[0, 1]]), np.array(1), np.array(2), np.array(1.0)).num_items
        array(2)
    """

    bought: np.ndarray
    num_users: np.ndarray
    num_items: np.ndarray
    regularization: np.ndarray


class EaseScores(EaseInteractions):
    """x_u· = X_u B, where B = argmin |X - X B|² + λ |B|² with a diagonal of 0.

    With P = (XᵀX + λ)⁻¹, B is 1 - P / diag P, column by column (Steck, WWW 2019, equation 8). Where
    there are fewer users than items, the inverse is taken over the users instead:
    X P = (X Xᵀ + λ)⁻¹ X.

    Example:
        >>> bought = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 1]])
        >>> scorer = EaseScores(bought, np.array(3), np.array(3), np.array(1.0))
        >>> scorer.scores(np.array([2])).round(2)
        array([[0.5, 0. , 0. ]])
    """

    @cached_property
    def _matrix(self) -> csr_array:
        """X, (U, I)."""
        shape = int(self.num_users), int(self.num_items)
        return csr_array((np.ones(len(self.bought)), tuple(self.bought.T)), shape)

    @cached_property
    def _inverse(self) -> np.ndarray:
        """The inverse over the items or the users, whichever are fewer."""
        by_items = self.num_items <= self.num_users
        gram = self._matrix.T @ self._matrix if by_items else self._matrix @ self._matrix.T
        return np.linalg.inv(gram.toarray() + float(self.regularization) * np.eye(gram.shape[0]))

    @cached_property
    def _diagonal(self) -> np.ndarray:
        """diag P, (I,)."""
        if self.num_items <= self.num_users:
            return np.diag(self._inverse)
        explained = self._matrix.multiply(self._inverse @ self._matrix).sum(axis=0)
        return (1 - np.asarray(explained).ravel()) / float(self.regularization)

    def scores(self, users: np.ndarray) -> np.ndarray:
        """Computes the scores of all items for some users: (B,) int to (B, I) float."""
        if self.num_items <= self.num_users:
            products = self._matrix[users] @ self._inverse
        else:
            products = self._inverse[users] @ self._matrix
        return self._matrix[users].toarray() - products / self._diagonal

    def __call__(self, users: np.ndarray) -> np.ndarray:
        """Returns `scores(users)`, so that `rank_held_out` can use it as a function."""
        return self.scores(users)


@keras.saving.register_keras_serializable(package="keras_fashion")
class EASE(keras.Model):
    """Embarrassingly shallow autoencoder (Steck, WWW 2019), without pictures.

    An item's score is a weighted sum over the items that the user bought. The weights have a closed
    form, so that there is nothing to train.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        regularization: λ, weight of the squared weights.

    Example:
        >>> from keras_fashion.models import EASE
        >>> train = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 1]])
        >>> model = EASE(num_users=3, num_items=3, regularization=1.0)
        >>> model.scoring_vectors(train=train).scores(np.array([2])).round(2)
        array([[0.5, 0. , 0. ]])
    """

    fit_settings: ClassVar[FitSettings | None] = None
    scorer: ClassVar[type] = EaseScores

    def __init__(
        self, num_users: int, num_items: int, regularization: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.num_users = num_users
        self.num_items = num_items
        self.regularization = regularization
        self.built = True

    @classmethod
    def from_catalogue(
        cls,
        catalogue: Catalogue,
        split: Split,
        *,
        regularization: Annotated[float, SearchRange(1.0, 10_000.0)] = 100.0,
        seed: int = 0,
    ) -> Self:
        """Creates the model.

        Args:
            catalogue: Not used; the model knows interactions only.
            split: Split with the numbers of users and items.
            regularization: λ, above 0.
            seed: Not used.

        Raises:
            InputError: If λ is not above 0, or if there are too many users and items.
        """
        if not regularization > 0:
            raise InputError(f"`regularization` must be above 0; got {regularization:g}.")
        smaller = min(split.num_users, split.num_items)
        if smaller > LARGEST:
            raise InputError(
                f"EASE inverts a matrix of {smaller:,} rows, and {LARGEST:,} are the most that it "
                "takes; use itemknn."
            )
        return cls(split.num_users, split.num_items, regularization)

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Is not offered: pairs are scored with the catalogue, by `scoring_vectors`.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("use scoring_vectors(train=...).scores(users)")

    def scoring_vectors(
        self, pictures: tf.data.Dataset | None = None, train: np.ndarray | None = None
    ) -> EaseScores:
        """Returns what scores the catalogue for every user.

        Args:
            pictures: Not used.
            train: (n, 2) int, training pairs (user, item).

        Raises:
            ValueError: If `train` is missing.
        """
        if train is None:
            raise ValueError("users are made from what they bought: give train, (user, item) pairs")
        return EaseScores(
            train,
            np.array(self.num_users),
            np.array(self.num_items),
            np.array(self.regularization),
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {
            "num_users": self.num_users,
            "num_items": self.num_items,
            "regularization": self.regularization,
        }
