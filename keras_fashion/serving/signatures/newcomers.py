"""Recommendations for people whom the model was not trained on, as they are served."""

from typing import Any

import tensorflow as tf

from keras_fashion.models.trained import TrainedRecommender
from keras_fashion.serving.signatures.item_table import MOST_HIDDEN, MOST_K
from keras_fashion.serving.signatures.recommender import ServedRecommender
from keras_fashion.serving.signatures.request_checks import after, require_range, require_rows
from keras_fashion.serving.signatures.served import ItemEmbeddings, Served


class ServedNewcomers(Served):
    """Makes users from what they bought (`VisualRecommender.newcomer_vector`).

    Args:
        known: The recommender of a model with `with_history`.
        embeddings: Its styles.
    """

    def __init__(self, known: ServedRecommender, embeddings: ItemEmbeddings) -> None:
        super().__init__()
        self.known = known
        self.embeddings = embeddings

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.string, "bought_item_id"),
            tf.TensorSpec([None], tf.int32, "k"),
            tf.TensorSpec([None], tf.string, "category"),
        ],
        autograph=False,
    )
    def recommend_newcomer(
        self, bought_item_id: tf.Tensor, k: tf.Tensor, category: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """What to recommend to somebody whom the model was not trained on, from what they bought.

        Args:
            bought_item_id: (B, H) string, at most MOST_HIDDEN a row; "" where there are fewer.
                They are never recommended, and unknown ones tell nothing.
            k: (B,) int32, as of `recommend`.
            category: (B,) string, as of `recommend`.

        Returns:
            `item_id` and `score`, (B, n), as of `recommend`; `known_items` (B,) int32, how many
            of a row's items are known. Of a row where none is, what sells.

        Raises:
            tf.errors.InvalidArgumentError: As of `recommend`.
        """
        longest = tf.shape(bought_item_id)[1:]
        checks = [
            require_rows(bought_item_id=bought_item_id, k=k, category=category),
            require_range("k", k, 1, MOST_K),
            require_range("the number of bought_item_id", longest, 1, MOST_HIDDEN),
        ]
        bought_item_id, k, category = after(checks, bought_item_id, k, category)
        bought = self.known.item_index[bought_item_id]
        known = bought < self.known.items.num_items
        known_items = tf.reduce_sum(tf.cast(known, tf.int32), axis=1)
        embedding = (
            self.known.items.mean_of(bought, known)[:, self.embeddings.start :]
            - self.embeddings.mean
        )
        somebody = known_items[:, None] > 0
        # [gamma, theta, 1, 0], and [0, 0, 0, 1] for nobody.
        last = tf.cast(tf.concat([somebody, ~somebody], axis=1), tf.float32)
        rows = tf.concat([tf.where(somebody, embedding, 0.0), last], axis=1)
        rows = tf.pad(rows, [[0, 0], [self.embeddings.start, 0]])
        item, score = self.known.items.best_but(rows, k, self.known.category(category), bought)
        return {"item_id": self.known.item_id[item], "score": score, "known_items": known_items}

    def signatures_served(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """As of `Served`."""
        return {"recommend_newcomer": self.recommend_newcomer}

    def example_requests(self, run: TrainedRecommender) -> dict[str, dict[str, Any]]:
        """As of `Served`."""
        item = run.catalogue.item_ids[run.split.train[0, 1]]
        return {"recommend_newcomer": {"bought_item_id": [[item]], "k": [10], "category": [""]}}
