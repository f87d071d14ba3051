"""ALS: matrix factorization of all user-item pairs by alternating least squares."""

from typing import Annotated, Any

import keras
import numpy as np
import tensorflow as tf
from scipy.sparse import csr_matrix
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.split import Split
from keras_fashion.errors import InputError
from keras_fashion.models.context import NO_CONTEXT, Context
from keras_fashion.models.fit_settings import Minimum, SearchRange
from keras_fashion.models.recommender import Recommender


@keras.saving.register_keras_serializable(package="keras_fashion")
class ALS(Recommender):
    """Matrix factorization for implicit feedback by alternating least squares: x_ui = γ_u · γ_i.

    Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008. The
    factors minimize

        Σ over all pairs u, i of c_ui (p_ui - γ_u · γ_i)² + λ (Σ_u |γ_u|² + Σ_i |γ_i|²)

    where p_ui is 1 and the confidence c_ui is 1 + α if u bought i, and 0 and 1 otherwise. Each
    iteration solves for all γ_u and then for all γ_i, exactly, by the library implicit. Users and
    items without an interaction have factors of 0. Call `adapt`; there is nothing to train by
    gradient steps. A trained model is opened and scores without the library.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        latent_size: Length of γ.

    Example:
        >>> from keras_fashion.models import ALS
        >>> train = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 1], [3, 2]])
        >>> model = ALS(num_users=4, num_items=4, latent_size=2)
        >>> model.adapt(train, confidence=10.0, regularization=0.1, iterations=15, seed=0)
        >>> model.scoring_vectors().scores(np.array([2])).round(1)  # u bought item 1 only
        array([[0.7, 0.9, 0.3, 0. ]], dtype=float32)
    """

    def __init__(self, num_users: int, num_items: int, latent_size: int, **kwargs: Any) -> None:
        super().__init__(num_users, num_items, **kwargs)
        self.latent_size = latent_size
        self.gamma_user = self.add_weight(
            name="gamma_user", shape=(num_users, latent_size), initializer="zeros", trainable=False
        )
        self.gamma_item = self.add_weight(
            name="gamma_item", shape=(num_items, latent_size), initializer="zeros", trainable=False
        )
        self.built = True

    @classmethod
    def from_catalogue(
        cls,
        catalogue: Catalogue,
        split: Split,
        *,
        latent_size: Annotated[int, Minimum(1), SearchRange(8, 128)] = 64,
        confidence: Annotated[float, SearchRange(1.0, 100.0)] = 10.0,
        regularization: Annotated[float, SearchRange(0.01, 100.0)] = 1.0,
        iterations: Annotated[int, Minimum(1)] = 15,
        seed: int = 0,
    ) -> Self:
        """Creates the model and factorizes the training interactions of a split.

        Args:
            catalogue: Not used; the model knows interactions only.
            split: Split whose training part is factorized.
            latent_size: Length of the vectors of users and items.
            confidence: α, by which the weight of an interaction exceeds that of any other pair.
            regularization: λ, weight of the squared norms of all vectors, above 0.
            iterations: Number of passes over all users and all items.
            seed: Seed of the initial factors.

        Raises:
            InputError: If λ is not above 0 or the library implicit is not installed.
        """
        model = cls(split.num_users, split.num_items, latent_size)
        model.adapt(split.train, confidence, regularization, iterations, seed)
        return model

    def adapt(
        self,
        train: np.ndarray,
        confidence: float,
        regularization: float,
        iterations: int,
        seed: int,
    ) -> None:
        """Factorizes interactions.

        Args:
            train: (n, 2) int, distinct training pairs (user, item).
            confidence: α, at least 0.
            regularization: λ, above 0.
            iterations: Number of passes over all users and all items.
            seed: Seed of the initial factors.

        Raises:
            InputError: If λ is not above 0 or the library implicit is not installed.
        """
        if not regularization > 0:
            raise InputError(f"`regularization` must be above 0; got {regularization:g}.")
        try:
            from implicit.als import AlternatingLeastSquares
            from threadpoolctl import threadpool_limits
        except ImportError as error:
            raise InputError(
                "ALS needs the library implicit; `pip install 'keras-fashion[implicit]'`."
            ) from error
        weights = np.full(len(train), 1 + confidence, np.float32)
        matrix = csr_matrix((weights, tuple(train.T)), (self.num_users, self.num_items))
        # The library divides the rows among threads of its own, each of which calls BLAS.
        with threadpool_limits(1, "blas"):
            solver = AlternatingLeastSquares(
                self.latent_size,
                regularization,
                iterations=iterations,
                random_state=seed,
                use_cg=False,
                use_gpu=False,
            )
            solver.fit(matrix, show_progress=False)
        self.gamma_user.assign(solver.user_factors)
        self.gamma_item.assign(solver.item_factors)

    def user_vector(self, user: tf.Tensor, context: Context = NO_CONTEXT) -> tf.Tensor:
        """Returns γ_u."""
        return tf.gather(self.gamma_user.value, user)

    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Returns γ_i."""
        return tf.gather(self.gamma_item.value, item)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {"latent_size": self.latent_size}
