"""AMR: VBPR that is trained to withstand changes of the features."""

from typing import Annotated, Any

import keras
import tensorflow as tf
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.split import Split
from keras_fashion.distribution.global_batch import mean_of_replicas
from keras_fashion.models.context import Context
from keras_fashion.models.fit_settings import Minimum, SearchChoices, SearchRange
from keras_fashion.models.scored_batch import ScoredBatch
from keras_fashion.models.vbpr import VBPR


@keras.saving.register_keras_serializable(package="keras_fashion")
class AMR(VBPR):
    """VBPR that also minimizes its loss under a harmful perturbation of the features.

    Tang et al., "Adversarial Training Towards Robust Multimedia Recommender System", TKDE 2020. To
    the ranking loss L is added λ_adv times the ranking loss after each item of the batch got the
    features f_i + Δ_i, where

        Δ_i = ε Γ_i / |Γ_i|,  Γ_i = ∂L / ∂f_i

    is the step of length ε that increases L fastest. Δ is taken as a constant when the sum is
    minimized. A score changes by (E θ_u + β') · Δ_i. With one negative j for each positive, this is
    the worst change of this length: x_ui - x_uj falls by 2 ε |E θ_u + β'|.

    There are two differences from the paper. Its formula is p_u · (γ_i + E f_i), with one vector of
    a user and without biases, and this one is that of `VBPR`. Its training starts from a trained
    VBPR, and here both losses are minimized from the beginning. The items that a user is made from
    (`with_history`) are not perturbed. f has a mean squared norm of 10.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        feature_size: F, number of principal components kept of a frozen feature.
        embedding_size: K, length of θ, at most F.
        latent_size: Length of γ; 0 leaves the latent term out.
        bias: Whether there are β_i and β'.
        with_history: Whether users are made from what they bought (`VisualRecommender`).
        regularization: λ, on the rows of users and items.
        embedding_regularization: λ_E.
        epsilon: ε, length of Δ.
        adversarial_weight: λ_adv.
        seed: Seed of the initial weights; by default a random one.
        **kwargs: Further arguments of `VBPR`, such as `recency`.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.models import AMR
        >>> model = AMR(num_users=2, num_items=3, feature_size=2, epsilon=0.5, seed=0)
        >>> model.adapt(np.array([[2.0, 0], [-1, 1], [-1, -1]]))
        >>> model.scoring_vectors().users.shape  # [γ_u, θ_u]
        (2, 18)
    """

    def __init__(
        self,
        num_users: int,
        num_items: int,
        feature_size: int,
        embedding_size: int = 32,
        latent_size: int = 16,
        bias: bool = True,
        with_history: bool = False,
        regularization: float = 0.01,
        embedding_regularization: float = 1e-4,
        epsilon: float = 0.1,
        adversarial_weight: float = 1.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            num_users,
            num_items,
            feature_size,
            embedding_size,
            latent_size,
            bias,
            with_history,
            regularization,
            embedding_regularization,
            seed,
            **kwargs,
        )
        self.epsilon = epsilon
        self.adversarial_weight = adversarial_weight

    @classmethod
    def from_catalogue(  # type: ignore[override] # without some of VBPR's options
        cls,
        catalogue: Catalogue,
        split: Split,
        *,
        features: tuple[str, ...] = ("classifier",),
        feature_size: Annotated[int, Minimum(1)] = 512,
        embedding_size: Annotated[int, Minimum(1), SearchRange(8, 128)] = 32,
        latent_size: Annotated[int, Minimum(0), SearchChoices((0, 8, 16, 32, 64))] = 16,
        bias: Annotated[bool, SearchChoices((False, True))] = True,
        history: Annotated[int, Minimum(0), SearchChoices((0, 16, 64))] = 0,
        regularization: Annotated[float, SearchRange(1e-4, 1.0)] = 0.01,
        epsilon: Annotated[float, SearchRange(0.01, 1.0)] = 0.1,
        adversarial_weight: Annotated[float, SearchRange(0.1, 10.0)] = 1.0,
        seed: int = 0,
    ) -> Self:
        """Creates the model with frozen features of a catalogue.

        Args:
            catalogue: Catalogue whose pictures have the features.
            split: Split with the numbers of users and items.
            features: Frozen features: classifier, attributes, or the name of a pretrained network
                whose features were made; several are concatenated.
            feature_size: Maximum number of principal components of the features.
            embedding_size: Length of θ.
            latent_size: Length of γ; 0 leaves the latent term out.
            bias: Whether items have a bias, and pictures one.
            history: Maximum number of items that a user bought from which their vector is made in a
                step; with 0 users have only a vector of their own.
            regularization: λ, weight of the squared norms of the rows in a batch.
            epsilon: ε, length of the perturbation of a feature; features have a mean squared norm
                of 10.
            adversarial_weight: Weight of the loss under the perturbation.
            seed: Seed of the initial weights.

        Raises:
            InputError: If the features cannot be loaded or made.
        """
        return cls._from_features(
            catalogue,
            split,
            features,
            feature_size,
            embedding_size,
            latent_size=latent_size,
            bias=bias,
            with_history=history > 0,
            regularization=regularization,
            epsilon=epsilon,
            adversarial_weight=adversarial_weight,
            seed=seed,
        )

    def objective(self, batch: dict[str, tf.Tensor], scored: ScoredBatch) -> tf.Tensor:
        """Adds λ_adv times the ranking loss of the perturbed scores to VBPR's objective."""
        perturbed = self.ranking_loss(scored.labels, self.perturbed_scores(batch, scored))
        return super().objective(batch, scored) + self.adversarial_weight * perturbed

    def perturbed_scores(self, batch: dict[str, tf.Tensor], scored: ScoredBatch) -> tf.Tensor:
        """Computes the scores of a batch under Δ.

        Args:
            batch: A batch with B positives and a negative for each, or M shared negatives.
            scored: What `score_batch` returns for it.

        Returns:
            (B, 1 + M) float32.
        """
        with tf.GradientTape() as tape:
            tape.watch(scored.scores)
            loss = self.ranking_loss(scored.labels, scored.scores)
        slopes = tape.gradient(loss, scored.scores)
        # The gradient of a score with regard to the features of its item.
        theta = self.user_embedding(batch["user"], Context.of(batch))
        direction = tf.matmul(theta, self.embedding.value, transpose_b=True)
        if self.bias:
            direction += self.beta_visual.value
        positive = self._perturbation(slopes[:, :1] * direction)
        change = tf.reduce_sum(direction * positive, axis=1, keepdims=True)
        if "mask" in batch:
            # Every replica compares its positives with all negatives.
            gradient = mean_of_replicas(tf.matmul(slopes[:, 1:], direction, transpose_a=True))
            other = tf.matmul(direction, self._perturbation(gradient), transpose_b=True)
        else:
            negative = self._perturbation(slopes[:, 1:] * direction)
            other = tf.reduce_sum(direction * negative, axis=1, keepdims=True)
        return scored.scores + tf.concat([change, other], axis=1)

    def _perturbation(self, gradient: tf.Tensor) -> tf.Tensor:
        """Returns Δ for (n, F) gradients Γ, as a constant."""
        length = tf.norm(gradient, axis=1, keepdims=True)
        return tf.stop_gradient(self.epsilon * tf.math.divide_no_nan(gradient, length))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments; the seed only decides the initial weights."""
        return super().get_config() | {
            "epsilon": self.epsilon,
            "adversarial_weight": self.adversarial_weight,
        }
