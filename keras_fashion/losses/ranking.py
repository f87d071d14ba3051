"""Losses of recommenders: they compare the score of a bought item with those of other items."""

from abc import ABC, abstractmethod
from typing import Any

import keras
import tensorflow as tf

from keras_fashion.distribution.global_batch import mean_of_replicas


class RankingLoss(keras.losses.Loss, ABC):
    """The abstract base of ranking losses.

    Each row of a batch has one positive item, which is compared with the negative items of the
    row. A subclass gives the formula in `compare`; the base finds the positive item by its label
    and masks what does not count, such as sampled items that the user did buy.

    The loss is a scalar, the mean over all comparisons that count. It has no `reduction`, because
    a mean over rows would be another number, and does not take weights of rows.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.losses import RankingLoss
        >>> class Hinge(RankingLoss):
        ...     def compare(self, positive, negative, mask):
        ...         hinge = tf.nn.relu(1 - positive + negative) * mask
        ...         return tf.reduce_sum(hinge) / tf.reduce_sum(mask)
        >>> y_true, y_pred = np.array([[1, 0, 0, -1]]), np.array([[2.0, 1.5, 0.0, 9.0]])
        >>> print(f"{float(Hinge()(y_true, y_pred)):.2f}")  # (0.5 + 0) / 2
        0.25
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name, reduction="none")

    @abstractmethod
    def compare(self, positive: tf.Tensor, negative: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """Computes the loss from the scores.

        Args:
            positive: (B, 1) float32, score of the positive item of each row.
            negative: (B, N) float32, scores of the items that it is compared with.
            mask: (B, N) float32, 1 where the comparison counts and 0 where it does not.

        Returns:
            A scalar.
        """

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Computes the loss of a batch.

        Args:
            y_true: (B, N) labels: 1 for the positive item of each row, 0 for a negative item, and
                -1 for an item that does not count.
            y_pred: (B, N) float32 scores.

        Returns:
            A scalar.
        """
        positive = tf.reduce_sum(tf.where(y_true == 1, y_pred, 0), axis=1, keepdims=True)
        return self.compare(positive, y_pred, tf.cast(y_true == 0, y_pred.dtype))

    def __call__(
        self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Computes the loss of a batch, see `call`.

        Raises:
            ValueError: If `sample_weight` is given.
        """
        if sample_weight is not None:
            raise ValueError(f"{type(self).__name__} compares items and takes no sample_weight")
        return super().__call__(y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"name": self.name}


@keras.saving.register_keras_serializable(package="keras_fashion.losses")
class BPR(RankingLoss):
    """Bayesian personalized ranking: the mean of -ln σ(x_ui - x_uj).

    Rendle et al., "BPR: Bayesian Personalized Ranking from Implicit Feedback", UAI 2009, BPR-OPT.
    With one positive it is the `PairwiseLogisticLoss` of keras-rs.

    Args:
        name: Name of the loss.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.losses import BPR
        >>> y_true, y_pred = np.array([[1, 0, -1]]), np.array([[2.0, 2.0, 9.0]])
        >>> print(f"{float(BPR()(y_true, y_pred)):.4f}")  # ln 2; the last item does not count
        0.6931
    """

    def __init__(self, name: str = "bpr") -> None:
        super().__init__(name)

    def compare(self, positive: tf.Tensor, negative: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """Returns the mean of -ln σ(positive - negative)."""
        return masked_mean(tf.math.softplus(negative - positive), mask)


@keras.saving.register_keras_serializable(package="keras_fashion.losses")
class Logistic(RankingLoss):
    """The logistic loss, in which each score stands for itself.

    The mean of -ln σ(x_ui) over the positives plus the mean of -ln(1 - σ(x_uj)) over the negatives
    (He et al., "Neural Collaborative Filtering", WWW 2017, equation 7). With means in the place of
    the paper's sums, the positives weigh as much as all negatives together, however many are drawn.

    Args:
        name: Name of the loss.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.losses import Logistic
        >>> print(f"{float(Logistic()(np.array([[1, 0]]), np.array([[0.0, 0.0]]))):.4f}")  # 2 ln 2
        1.3863
    """

    def __init__(self, name: str = "logistic") -> None:
        super().__init__(name)

    def compare(self, positive: tf.Tensor, negative: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """Returns the sum of both means."""
        bought = tf.reduce_mean(tf.math.softplus(-positive))
        return bought + masked_mean(tf.math.softplus(negative), mask)


@keras.saving.register_keras_serializable(package="keras_fashion.losses")
class SampledSoftmax(RankingLoss):
    """The sampled softmax loss, in which the positive item is chosen among all negatives at once.

    The mean over the rows of

        -ln(exp(x_ui) / (exp(x_ui) + Σ_j exp(x_uj)))

    where j are the negatives of the row (Jean et al., "On Using Very Large Target Vocabulary for
    Neural Machine Translation", ACL 2015; Wu et al., "On the Effectiveness of Sampled Softmax Loss
    for Item Recommendation", TOIS 2024). Negatives with high scores weigh most. If users choose by
    a multinomial logit model, it is a consistent estimate of it up to the choice of the samples.
    With one negative it is `BPR`; it needs negatives that a batch shares.

    Args:
        name: Name of the loss.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.losses import SampledSoftmax
        >>> y_true, y_pred = np.array([[1, 0, 0, -1]]), np.array([[2.0, 2.0, 2.0, 9.0]])
        >>> print(f"{float(SampledSoftmax()(y_true, y_pred)):.4f}")  # ln 3; the last does not count
        1.0986
    """

    def __init__(self, name: str = "sampled_softmax") -> None:
        super().__init__(name)

    def compare(self, positive: tf.Tensor, negative: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """Returns the mean of ln(1 + Σ exp(negative - positive)) over the rows."""
        # Half precision has no smaller number that is finite.
        difference = tf.where(mask > 0, negative - positive, negative.dtype.min)
        choices = tf.concat([tf.zeros_like(positive), difference], axis=1)
        return tf.reduce_mean(tf.reduce_logsumexp(choices, axis=1))


@keras.saving.register_keras_serializable(package="keras_fashion.losses")
class WARP(RankingLoss):
    """Weighted approximate-rank pairwise loss, which improves the top of the ranking.

    Weston et al., "WSABIE: Scaling Up To Large Vocabulary Image Annotation", IJCAI 2011, section 3.
    The negatives of a row are draws, in their order; those that are masked were never drawn. With N
    draws until the first violation x_uj > x_ui - 1, the rank of the positive is estimated as
    R = floor((I - 1) / N), and the loss of the row is L(R) (1 - x_ui + x_uj), where
    L(R) = 1 + 1/2 + ... + 1/R. A row without a violation has no loss. The loss is the mean over
    the rows.

    Args:
        num_items: I, the number of items that are ranked (Y in the paper). A violation after I
            draws or more weighs nothing.
        name: Name of the loss.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.losses import WARP
        >>> loss = WARP(num_items=3)  # the first draw violates: R = 2, L(R) = 1.5
        >>> print(f"{float(loss(np.array([[1, 0]]), np.array([[1.0, 1.0]]))):.2f}")
        1.50
    """

    def __init__(self, num_items: int, name: str = "warp") -> None:
        super().__init__(name)
        self.num_items = num_items

    def compare(self, positive: tf.Tensor, negative: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """Returns the mean over the rows of the weighted first violation."""
        hinge = (1 - positive + negative) * mask
        violates = hinge > 0
        first = tf.argmax(violates, axis=1)[:, None]
        draws = tf.gather(tf.cumsum(mask, axis=1), first, batch_dims=1)
        rank = tf.floor((self.num_items - 1) / tf.maximum(draws, 1))
        # L(R) is the digamma function at R + 1, minus its value at 1.
        weight = tf.math.digamma(rank + 1) - tf.math.digamma(1.0)
        return tf.reduce_mean(tf.nn.relu(tf.gather(weight * hinge, first, batch_dims=1)))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {"num_items": self.num_items}


def ranking_loss(name: str, num_items: int) -> RankingLoss:
    """Creates a ranking loss by its name.

    Args:
        name: "bpr", "logistic", "softmax" or "warp".
        num_items: I, the number of items that are ranked.

    Example:
        >>> type(ranking_loss("softmax", num_items=3)).__name__
        'SampledSoftmax'
    """
    if name == "warp":
        return WARP(num_items)
    return {"bpr": BPR, "logistic": Logistic, "softmax": SampledSoftmax}[name]()


def masked_mean(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Computes the mean of the values whose mask is 1; 0 if there is none.

    With several replicas, the sum of a replica is divided by the mean number of values that count
    in a replica: the mean over the replicas is then that of the whole batch.
    """
    count = mean_of_replicas(tf.reduce_sum(mask))
    return tf.math.divide_no_nan(tf.reduce_sum(values * mask), count)
