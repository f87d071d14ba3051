"""The abstract base of all recommenders: scoring, and training by comparison of items."""

from abc import abstractmethod
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.distribution.global_batch import all_rows, share_of
from keras_fashion.losses.ranking import bpr_loss
from keras_fashion.optimizers import LazyAdam


class ScoringVectors(NamedTuple):
    """All a linear recommender knows: x_ui = users[u] . items[i] + biases[i].

    Attributes:
        users: (U, K) float32.
        items: (I, K) float32.
        biases: (I,) float32.
    """

    users: np.ndarray
    items: np.ndarray
    biases: np.ndarray

    def scores(self, users: np.ndarray) -> np.ndarray:
        """Scores of all items for some users: (B,) int to (B, I) float32."""
        return self.users[users] @ self.items.T + self.biases


class Recommender(keras.Model):
    """A preference predictor that is linear in the user, x_ui = p_u . q_i + b_i.

    A subclass gives the formula: `user_vector` (p), `item_vector` (q) and, where it has one,
    `item_bias` (b), plus its regularizer and, if it is not BPR's, its `ranking_loss`. Training,
    exact scoring of the whole catalogue and export are written once, here.

    `fit` takes the batches of `keras_fashion.data.triplets`: B positives, each with a
    negative of its own (the siamese triplets of the paper) or all with the same M negatives,
    which gives B x M comparisons for B + M items. Under a strategy of several replicas give `fit`
    `strategy.distribute_datasets_from_function` of `triplets` with its `context`: how Keras itself
    would cut a batch is wrong for it. The original DVBPR sums its loss over the batch
    where we take the mean; its lambda keeps its meaning because `regularizer` divides by B.

    Args:
        num_users: U, users of the catalogue.
        num_items: I, items of the catalogue.
    """

    def __init__(self, num_users: int, num_items: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.num_users = num_users
        self.num_items = num_items
        self.loss_tracker = keras.metrics.Mean(name="loss")

    @abstractmethod
    def user_vector(self, user: tf.Tensor, history: tf.Tensor | None = None) -> tf.Tensor:
        """p_u: (B,) int to (B, K) float32.

        Args:
            user: (B,) int.
            history: (B, H) int, items that the user bought, -1 where there are fewer; for models
                that make the user from them.
        """

    @abstractmethod
    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """q_i: (B,) int and, for models that see, (B, H, W, 3) in [-1, 1], to (B, K) float32."""

    def item_bias(self, item: tf.Tensor) -> tf.Tensor:
        """b_i: (B,) int to (B,) float32; none unless a subclass has one."""
        return tf.zeros(tf.shape(item))

    def ranking_loss(self, positive: tf.Tensor, negative: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """The loss of scores: BPR's, unless a subclass says otherwise.

        Args:
            positive: (B, 1) scores p_u . q_i + b_i.
            negative: (B, M) scores.
            mask: (B, M) float32, 0 where the negative is something that the user bought.
        """
        return bpr_loss(positive, negative, mask)

    def regularizer(
        self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor
    ) -> tf.Tensor | float:
        """What is added to the batch's ranking loss; nothing unless a subclass says so."""
        return 0.0

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Scores pairs: {"user", "item": (B,) int [, "picture": (B, H, W, 3)]} to (B,) float32."""
        item = inputs["item"]
        vector = self.item_vector(item, inputs.get("picture"), training=training)
        user = self.user_vector(inputs["user"], inputs.get("history"))
        return tf.reduce_sum(user * vector, axis=-1) + self.item_bias(item)

    def batch_loss(self, batch: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Ranking loss of a batch of `triplets`, with the regularizer: a scalar."""
        user, positive, negative = batch["user"], batch["positive"], batch["negative"]
        user_embedding = self.user_vector(user, batch.get("history"))
        # One pass over both halves: the arms of the siamese network share everything.
        item = tf.concat([positive, negative], axis=0)
        vector = self.item_vector(item, batch.get("picture"), training=training)
        sizes = [tf.size(positive), tf.size(negative)]
        liked, other = tf.split(vector, sizes)
        liked_bias, other_bias = tf.split(self.item_bias(item), sizes)
        positive_score = tf.reduce_sum(user_embedding * liked, axis=1) + liked_bias
        if "mask" in batch:
            other, other_bias = all_rows(other), all_rows(other_bias)
            negative_score = tf.matmul(user_embedding, other, transpose_b=True) + other_bias
            mask = batch["mask"]
        else:
            negative_score = (tf.reduce_sum(user_embedding * other, axis=1) + other_bias)[:, None]
            mask = tf.ones_like(negative_score)
        loss = self.ranking_loss(positive_score[:, None], negative_score, mask)
        return loss + self.regularizer(user, positive, negative)

    def train_step(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step on a batch of `triplets`."""
        with tf.GradientTape() as tape:
            loss = self.batch_loss(data, training=True)
            scaled = self.optimizer.scale_loss(share_of(loss))  # scaled under mixed_float16
        variables = self.trainable_variables
        gradients = tape.gradient(scaled, variables)
        if not isinstance(self.optimizer, LazyAdam):
            # A user who stands twice in a batch gives a gradient with a repeated row, which
            # Keras's adaptive optimizers get wrong; dense, the rows are summed.
            gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        self.optimizer.apply(gradients, variables)
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}

    def test_step(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The loss of a batch of `triplets`, for `validation_data`."""
        self.loss_tracker.update_state(self.batch_loss(data))
        return {"loss": self.loss_tracker.result()}

    @property
    def optimizers(self) -> list[keras.Optimizer]:
        """The one optimizer, for checkpoints."""
        return [self.optimizer]

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The running loss, which Keras resets at each epoch."""
        return [self.loss_tracker]

    def item_vectors(
        self, pictures: tf.data.Dataset | None = None, items: slice = slice(None)
    ) -> np.ndarray:
        """q of all items, or of some that follow each other, (n, K) float32.

        Args:
            pictures: For models that see, of these items and in their order, as
                `keras_fashion.data.picture_batches` gives them.
            items: Whose.
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
    ) -> ScoringVectors:
        """Vectors of all users and items, for exact evaluation, retrieval and export.

        Args:
            pictures: For models that see, all items' pictures in item order, as
                `keras_fashion.data.picture_batches` gives them.
            train: (n, 2) int, training pairs (user, item), for models that make a user from the
                items that they bought.
            items: (I, K), what `item_vectors` gives, where it is known already.
        """
        items = self.item_vectors(pictures) if items is None else items
        return ScoringVectors(
            users=self.user_vectors(items, train),
            items=items,
            biases=self.item_bias(tf.range(self.num_items)).numpy(),
        )

    def user_vectors(self, items: np.ndarray, train: np.ndarray | None = None) -> np.ndarray:
        """p of all users, (U, K) float32.

        Args:
            items: (I, K) float32, q of all items, for models that make a user from the items that
                they bought.
            train: (n, 2) int, training pairs (user, item), for the same models.
        """
        return self.user_vector(tf.range(self.num_users)).numpy()

    def adapt_users(self, items: np.ndarray, train: np.ndarray) -> None:
        """Stores what users are made of beside their own weights; nothing, for most models.

        Call it after training, and before `user_vector` or calling the model without a history.

        Args:
            items: (I, K) float32, q of all items.
            train: (n, 2) int, training pairs (user, item).
        """

    @tf.function(reduce_retracing=True, autograph=False)
    def _embed(self, item: tf.Tensor, picture: tf.Tensor) -> tf.Tensor:
        return self.item_vector(item, picture)

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "num_users": self.num_users,
            "num_items": self.num_items,
        }


def squared_norm(*tensors: tf.Tensor) -> tf.Tensor:
    """Half the summed squares of each tensor, added up (`tf.nn.l2_loss`)."""
    return tf.add_n([tf.nn.l2_loss(tensor) for tensor in tensors])
