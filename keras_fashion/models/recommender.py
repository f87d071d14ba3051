"""The abstract base of linear recommenders: scoring, and training by comparison of items."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.split import Split
from keras_fashion.distribution.global_batch import divide_by_replicas, gather_rows
from keras_fashion.losses.ranking import RankingLoss, ranking_loss
from keras_fashion.models.context import NO_CONTEXT, Context
from keras_fashion.models.fit_settings import FitSettings
from keras_fashion.models.scored_batch import ScoredBatch
from keras_fashion.models.scoring_vectors import HeldOutVectors, ScoringVectors
from keras_fashion.optimizers.lazy_adam import LazyAdam, dense_gradients


class Recommender(keras.Model, ABC):
    """A preference predictor that is linear in the user: x_ui = p_u · q_i + b_i.

    A subclass gives the formula: `user_vector` (p), `item_vector` (q) and, if it has one,
    `item_bias` (b), together with its `regularizer`. The base class holds training, exact scoring
    of the whole catalogue and the vectors for export.

    `fit` takes the batches of `keras_fashion.data.triplets`: B positives, each with a negative of
    its own (the siamese triplets of the paper) or all with the same M negatives, which gives B x M
    comparisons for B + M items. Under a strategy with several replicas, give `fit`
    `strategy.distribute_datasets_from_function` of `triplets` with its `context`. The original
    DVBPR sums its loss over the batch, whereas this class takes the mean; λ keeps its meaning
    because `regularizer` divides by B.

    Args:
        num_users: U, number of users of the catalogue.
        num_items: I, number of items of the catalogue.

    Attributes:
        fit_settings: Settings of the application's training; None if it takes no gradient steps.
        scorer: Type of what `scoring_vectors` returns.

    Example:
        >>> import keras_fashion as kf
        >>> import numpy as np
        >>> train = np.array([[0, 0], [0, 1], [1, 2]], np.int32)
        >>> split = kf.data.Split(2, 4, train, validation=train[:0], test=train[:0])
        >>> model = kf.models.BPRMF(num_users=2, num_items=4, latent_size=2, seed=0)
        >>> model.compile(optimizer=kf.optimizers.LazyAdam(0.05), loss=kf.losses.BPR())
        >>> batches = kf.data.triplets(split, batch_size=4, seed=0)
        >>> history = model.fit(batches, steps_per_epoch=2, epochs=2, verbose=0)
        >>> model.scoring_vectors().scores(np.array([0, 1])).shape
        (2, 4)
    """

    fit_settings: ClassVar[FitSettings | None] = None
    scorer: ClassVar[type] = ScoringVectors

    def __init__(self, num_users: int, num_items: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_users = num_users
        self.num_items = num_items
        self.ranking_loss: keras.losses.Loss = self.default_loss()
        self.ranking_metrics: list[keras.metrics.Metric] = []
        self.loss_tracker = keras.metrics.Mean(name="loss")

    @classmethod
    def from_catalogue(cls, catalogue: Catalogue, split: Split, *, seed: int = 0) -> Self:
        """Creates the model for a catalogue and a split.

        A subclass adds its hyperparameters as keyword arguments, with a default each. The
        application offers them as options of its `train` command.

        Args:
            catalogue: Catalogue whose categories, attributes and pictures the model may use.
            split: Split whose training part the model may count.
            seed: Seed of the initial weights.

        Raises:
            InputError: If an argument does not fit the catalogue.
        """
        return cls(split.num_users, split.num_items)

    @abstractmethod
    def user_vector(self, user: tf.Tensor, context: Context = NO_CONTEXT) -> tf.Tensor:
        """Computes p_u.

        Args:
            user: (B,) int, users.
            context: What the users bought before, and when.

        Returns:
            (B, K) float32.
        """

    @abstractmethod
    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Computes q_i.

        Args:
            item: (B,) int, items.
            picture: (B, H, W, 3) float32 in [-1, 1], for models that use pictures.
            training: Whether the model is being trained.

        Returns:
            (B, K) float32.
        """

    def item_bias(self, item: tf.Tensor) -> tf.Tensor:
        """Computes b_i, (B,) int to (B,) float32; 0 unless a subclass has biases."""
        return tf.zeros(tf.shape(item))

    def seasonal_bias(self, item: tf.Tensor, month: tf.Tensor | None) -> tf.Tensor | float:
        """Computes what is added to b_i in a month; 0 unless a subclass knows seasons.

        Args:
            item: Items, int, of a shape that can be broadcast with that of `month`.
            month: Months since January 1970, int; None for the end of training.

        Returns:
            float32 of the broadcast shape, or 0.
        """
        return 0.0

    def default_loss(self) -> RankingLoss:
        """Returns the loss of a model that is compiled without one: that of its `fit_settings`."""
        return ranking_loss((self.fit_settings or FitSettings()).loss, self.num_items)

    def regularizer(
        self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor
    ) -> tf.Tensor | float:
        """Computes what is added to the ranking loss of a batch; 0 unless overridden."""
        return 0.0

    def compile(
        self,
        optimizer: str | keras.Optimizer = "adam",
        loss: keras.losses.Loss | None = None,
        metrics: Sequence[keras.metrics.Metric] | None = None,
        **kwargs: Any,
    ) -> None:
        """Configures the model for training.

        Args:
            optimizer: Optimizer. `LazyAdam` updates only the rows of users and items in a batch.
            loss: A ranking loss such as `keras_fashion.losses.BPR()`; by default `default_loss()`.
            metrics: Metrics of the labels and scores of a batch, such as
                `keras_fashion.metrics.RankingAUC()`. The batch holds sampled negatives only; see
                `keras_fashion.callbacks.ValidationAUC` for the exact AUC.
            **kwargs: Further arguments of `keras.Model.compile`.

        Raises:
            ValueError: If `loss` is not a Keras loss.
        """
        if loss is not None and not isinstance(loss, keras.losses.Loss):
            raise ValueError(
                "loss must be a ranking loss, such as keras_fashion.losses.BPR(), or None; "
                f"received {loss!r}"
            )
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)
        self.ranking_loss = self.default_loss() if loss is None else loss
        self.ranking_metrics = list(metrics or [])

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles the model as it was saved; Keras calls it when it opens a file."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Scores pairs of a user and an item.

        Args:
            inputs: "user" and "item", (B,) int each; "picture", (B, H, W, 3), for models that use
                pictures; and what `Context` has.
            training: Whether the model is being trained.

        Returns:
            (B,) float32 scores.
        """
        item, context = inputs["item"], Context.of(inputs)
        vector = self.item_vector(item, inputs.get("picture"), training=training)
        user = self.user_vector(inputs["user"], context)
        bias = self.scoring_bias(item) + self.seasonal_bias(item, context.month)
        return tf.reduce_sum(user * vector, axis=-1) + bias

    def score_batch(self, batch: dict[str, tf.Tensor], training: bool = False) -> ScoredBatch:
        """Computes the labels and the scores of a batch of `keras_fashion.data.triplets`.

        Args:
            batch: A batch with B positives and a negative for each, or M shared negatives.
            training: Whether the model is being trained.

        Returns:
            Labels and scores, with the vectors of the items.
        """
        user, positive, negative = batch["user"], batch["positive"], batch["negative"]
        context = Context.of(batch)
        user_vector = self.user_vector(user, context)
        # One pass over both halves: the arms of the siamese network share all weights.
        item = tf.concat([positive, negative], axis=0)
        vector = self.item_vector(item, batch.get("picture"), training=training)
        sizes = [tf.size(positive), tf.size(negative)]
        liked, other = tf.split(vector, sizes)
        liked_bias, other_bias = tf.split(self.item_bias(item), sizes)
        liked_bias += self.seasonal_bias(positive, context.month)
        positive_score = (tf.reduce_sum(user_vector * liked, axis=1) + liked_bias)[:, None]
        if "mask" in batch:
            other, other_bias = gather_rows(other), gather_rows(other_bias)
            negative_score = tf.matmul(user_vector, other, transpose_b=True) + other_bias
            if context.month is not None:
                shared = gather_rows(negative)[None]
                negative_score += self.seasonal_bias(shared, context.month[:, None])
            negative_label = batch["mask"] - 1
        else:
            other_bias += self.seasonal_bias(negative, context.month)
            negative_score = (tf.reduce_sum(user_vector * other, axis=1) + other_bias)[:, None]
            negative_label = tf.zeros_like(negative_score)
        labels = tf.concat([tf.ones_like(positive_score), negative_label], axis=1)
        scores = tf.concat([positive_score, negative_score], axis=1)
        return ScoredBatch(labels, scores, item, vector)

    def batch_loss(self, batch: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Computes the ranking loss of a batch of `triplets` plus the regularizer: a scalar."""
        return self.objective(batch, self.score_batch(batch, training))

    def train_step(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Trains on one batch of `triplets`."""
        with tf.GradientTape() as tape:
            scored = self.score_batch(data, training=True)
            loss = self.objective(data, scored)
            # Scaled under mixed_float16.
            scaled = self.optimizer.scale_loss(divide_by_replicas(loss))
        variables = self.trainable_variables
        gradients = tape.gradient(scaled, variables)
        if not isinstance(self.optimizer, LazyAdam):
            gradients = dense_gradients(gradients)
        self.optimizer.apply(gradients, variables)
        return self._measure(loss, scored)

    def test_step(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Computes the loss and the metrics of a batch of `triplets`, for `validation_data`."""
        scored = self.score_batch(data)
        return self._measure(self.objective(data, scored), scored)

    def objective(self, batch: dict[str, tf.Tensor], scored: ScoredBatch) -> tf.Tensor:
        """Computes what training minimizes: the ranking loss of the scores plus the regularizer."""
        penalty = self.regularizer(batch["user"], batch["positive"], batch["negative"])
        return self.ranking_loss(scored.labels, scored.scores) + penalty

    def _measure(self, loss: tf.Tensor, scored: ScoredBatch) -> dict[str, tf.Tensor]:
        self.loss_tracker.update_state(loss)
        for metric in self.ranking_metrics:
            metric.update_state(scored.labels, scored.scores)
        return self.get_metrics_result()

    @property
    def optimizers(self) -> list[keras.Optimizer]:
        """The only optimizer, in a list, for checkpoints."""
        return [self.optimizer]

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The mean of the loss and the metrics of `compile`, which Keras resets at each epoch."""
        return [self.loss_tracker, *self.ranking_metrics]

    def item_vectors(
        self, pictures: tf.data.Dataset | None = None, items: slice = slice(None)
    ) -> np.ndarray:
        """Computes q of all items, or of some that follow each other.

        Args:
            pictures: For models that use pictures, those of the items in their order, as
                `keras_fashion.data.picture_batches` gives them.
            items: Slice of the items to compute.

        Returns:
            (n, K) float32.
        """
        numbers = tf.range(self.num_items)[items]
        if pictures is None:
            return self.item_vector(numbers).numpy()
        batches, first = [], 0
        for picture in pictures:
            batches.append(self._embed(numbers[first : first + len(picture)], picture))
            first += len(picture)
        return tf.concat(batches, axis=0).numpy()

    def scoring_vectors(
        self,
        pictures: tf.data.Dataset | None = None,
        train: np.ndarray | None = None,
        items: np.ndarray | None = None,
        train_days: np.ndarray | None = None,
        month: int | None = None,
    ) -> ScoringVectors:
        """Computes the vectors of all users and items, for evaluation, retrieval and export.

        Args:
            pictures: For models that use pictures, those of all items in item order, as
                `keras_fashion.data.picture_batches` gives them.
            train: (n, 2) int, training pairs (user, item), for models that make a user from the
                items that they bought.
            items: (I, K) float32, the result of `item_vectors` where it is known already.
            train_days: (n,) int, days of the training pairs, for models to which recent ones count
                more.
            month: Month for which the vectors are computed, counted from January 1970, for models
                that know trends or seasons; by default the last one of training.

        Returns:
            The scoring vectors.
        """
        items = self.item_vectors(pictures) if items is None else items
        every = tf.range(self.num_items)
        when = None if month is None else tf.constant(month)
        return ScoringVectors(
            users=self.user_vectors(items, train, train_days, month),
            items=items,
            biases=(self.scoring_bias(every) + self.seasonal_bias(every, when)).numpy(),
        )

    def scoring_bias(self, item: tf.Tensor) -> tf.Tensor:
        """Returns b_i with what a subclass adds after training, (B,) int to (B,) float32."""
        return self.item_bias(item)

    def held_out_vectors(
        self, items: np.ndarray, split: Split, part: str
    ) -> ScoringVectors | HeldOutVectors:
        """Computes with what the held-out interactions of a split are ranked.

        Args:
            items: (I, K) float32, q of all items.
            split: Split that the model was trained on.
            part: "validation" or "test".

        Returns:
            The scoring vectors, unless a subclass has users who change with time.
        """
        return self.scoring_vectors(items=items, train=split.train)

    def user_vectors(
        self,
        items: np.ndarray,
        train: np.ndarray | None = None,
        train_days: np.ndarray | None = None,
        month: int | None = None,
    ) -> np.ndarray:
        """Computes p of all users.

        Args:
            items: (I, K) float32, q of all items, for models that make a user from the items that
                they bought.
            train: (n, 2) int, training pairs (user, item), for the same models.
            train_days: (n,) int, see `scoring_vectors`.
            month: See `scoring_vectors`.

        Returns:
            (U, K) float32.
        """
        return self.user_vector(tf.range(self.num_users)).numpy()

    def adapt_users(
        self, items: np.ndarray, train: np.ndarray, train_days: np.ndarray | None = None
    ) -> None:
        """Stores what users are made of besides their own weights; nothing, for most models.

        Call it after training, and before `user_vector` or calling the model without a history.

        Args:
            items: (I, K) float32, q of all items.
            train: (n, 2) int, training pairs (user, item).
            train_days: (n,) int, their days, for models to which recent ones count more.
        """

    @tf.function(reduce_retracing=True, autograph=False)
    def _embed(self, item: tf.Tensor, picture: tf.Tensor) -> tf.Tensor:
        return self.item_vector(item, picture)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return super().get_config() | {"num_users": self.num_users, "num_items": self.num_items}


def squared_norm(*tensors: tf.Tensor) -> tf.Tensor:
    """Computes half the summed squares of each tensor, added up (`tf.nn.l2_loss`)."""
    return tf.add_n([tf.nn.l2_loss(tensor) for tensor in tensors])
