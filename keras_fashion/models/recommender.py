"""The abstract base of all recommenders: scoring, and training by Bayesian personalised ranking."""

from abc import abstractmethod
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf


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
    `item_bias` (b), plus its regulariser. Training by BPR, exact scoring of the whole catalogue
    and export are written once, here.

    BPR (Rendle et al., UAI 2009): minimise the mean over triplets (u, i, j) of
    -ln sigmoid(x_ui - x_uj), plus the regulariser. The original DVBPR sums over the batch
    instead; its lambda keeps its meaning here because `regulariser` divides by the batch size.

    `fit` takes the batches of `keras_fashion.catalogue.triplets`.

    Args:
        user_count: U, users of the catalogue.
        item_count: I, items of the catalogue.
    """

    def __init__(self, user_count: int, item_count: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.user_count = user_count
        self.item_count = item_count
        self.loss_tracker = keras.metrics.Mean(name="loss")

    @abstractmethod
    def user_vector(self, user: tf.Tensor) -> tf.Tensor:
        """p_u: (B,) int to (B, K) float32."""

    @abstractmethod
    def item_vector(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """q_i: (B,) int and, for models that see, (B, H, W, 3) in [-1, 1], to (B, K) float32."""

    def item_bias(self, item: tf.Tensor) -> tf.Tensor:
        """b_i: (B,) int to (B,) float32; none unless a subclass has one."""
        return tf.zeros(tf.shape(item))

    def regulariser(
        self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor
    ) -> tf.Tensor | float:
        """What is added to the batch's mean BPR loss; nothing unless a subclass says so."""
        return 0.0

    def call(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Scores pairs: {"user", "item": (B,) int [, "picture": (B, H, W, 3)]} to (B,) float32."""
        item = inputs["item"]
        vector = self.item_vector(item, inputs.get("picture"), training=training)
        dot = tf.reduce_sum(self.user_vector(inputs["user"]) * vector, axis=-1)
        return dot + self.item_bias(item)

    def triplet_loss(self, batch: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Mean BPR loss of a batch of triplets, with the regulariser: a scalar."""
        user, positive, negative = batch["user"], batch["positive"], batch["negative"]
        # One pass over both halves: the two arms of the siamese network share everything.
        pairs = {
            "user": tf.concat([user, user], axis=0),
            "item": tf.concat([positive, negative], axis=0),
        }
        if "positive_picture" in batch:
            pairs["picture"] = tf.concat(
                [batch["positive_picture"], batch["negative_picture"]], axis=0
            )
        positive_score, negative_score = tf.split(self(pairs, training=training), 2)
        ranking = tf.reduce_mean(tf.math.softplus(negative_score - positive_score))
        return ranking + self.regulariser(user, positive, negative)

    def train_step(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step of BPR on a batch of triplets."""
        with tf.GradientTape() as tape:
            loss = self.triplet_loss(data, training=True)
        variables = self.trainable_variables
        gradients = [
            # A user who stands twice in a batch gives a sparse gradient with a repeated row,
            # which Keras 3's adaptive optimisers get wrong; dense, the rows are summed.
            tf.convert_to_tensor(gradient)
            for gradient in tape.gradient(loss, variables)
        ]
        self.optimizer.apply(gradients, variables)
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}

    def test_step(self, data: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The loss of a batch of triplets, for `validation_data`."""
        self.loss_tracker.update_state(self.triplet_loss(data))
        return {"loss": self.loss_tracker.result()}

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The running loss, which Keras resets at each epoch."""
        return [self.loss_tracker]

    def scoring_vectors(self, pictures: tf.data.Dataset | None = None) -> ScoringVectors:
        """Vectors of all users and items, for exact evaluation, retrieval and export.

        Args:
            pictures: For models that see, all items' pictures in item order, as
                `keras_fashion.catalogue.picture_batches` gives them.
        """
        items = tf.range(self.item_count)
        if pictures is None:
            vectors = self.item_vector(items)
        else:
            batches, first = [], 0
            for picture in pictures:
                batches.append(self._embed(items[first : first + len(picture)], picture))
                first += len(picture)
            vectors = tf.concat(batches, axis=0)
        return ScoringVectors(
            users=self.user_vector(tf.range(self.user_count)).numpy(),
            items=vectors.numpy(),
            biases=self.item_bias(items).numpy(),
        )

    @tf.function(reduce_retracing=True)
    def _embed(self, item: tf.Tensor, picture: tf.Tensor) -> tf.Tensor:
        return self.item_vector(item, picture)

    def get_config(self) -> dict:
        """Constructor arguments."""
        return super().get_config() | {
            "user_count": self.user_count,
            "item_count": self.item_count,
        }


def squared_norm(*tensors: tf.Tensor) -> tf.Tensor:
    """Half the summed squares of each tensor, added up (`tf.nn.l2_loss`)."""
    return tf.add_n([tf.nn.l2_loss(tensor) for tensor in tensors])
