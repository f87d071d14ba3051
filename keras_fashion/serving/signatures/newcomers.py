"""The signature that recommends to users whom the model was not trained on."""

from typing import Any

import tensorflow as tf

from keras_fashion.models.time_terms import TimeTerms
from keras_fashion.models.trained import TrainedRecommender
from keras_fashion.serving.signatures.item_table import MAX_HIDDEN, MAX_K
from keras_fashion.serving.signatures.recommender import ServedRecommender
from keras_fashion.serving.signatures.request_checks import after, require_range, require_rows
from keras_fashion.serving.signatures.served_module import ItemEmbeddings, ServedModule


class ServedNewcomers(ServedModule):
    """Makes users from what they have bought, as `VisualRecommender.newcomer_vector` does.

    Args:
        recommender: The served recommender of a model with `with_history`.
        embeddings: The embeddings of the same model's items.
        time_terms: The same model's trend and season, of which users get those of the last month of
            training; None if it has none.
    """

    def __init__(
        self,
        recommender: ServedRecommender,
        embeddings: ItemEmbeddings,
        time_terms: TimeTerms | None = None,
    ) -> None:
        super().__init__()
        self.recommender = recommender
        self.start = embeddings.start
        self.subtracted = embeddings.mean
        if time_terms is not None:
            subtracted = embeddings.mean - time_terms.style()[0]
            self.subtracted = tf.Variable(subtracted, trainable=False, name="mean_without_style")

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
        """Recommends items to users whom the model was not trained on, from what they bought.

        Args:
            bought_item_id: (B, H) string, at most MAX_HIDDEN ids in a row, padded with "". These
                items are never recommended, and unknown ids are ignored.
            k: (B,) int32, see `ServedRecommender.recommend`.
            category: (B,) string, see `ServedRecommender.recommend`.

        Returns:
            `item_id` and `score`, (B, n), see `ServedRecommender.recommend`; `known_items` (B,)
            int32, number of known ids in each row. A row without known ids gets the most popular
            items.

        Raises:
            tf.errors.InvalidArgumentError: See `ServedRecommender.recommend`.
        """
        longest = tf.shape(bought_item_id)[1:]
        checks = [
            require_rows(bought_item_id=bought_item_id, k=k, category=category),
            require_range("k", k, 1, MAX_K),
            require_range("the number of bought_item_id", longest, 1, MAX_HIDDEN),
        ]
        bought_item_id, k, category = after(checks, bought_item_id, k, category)
        items = self.recommender.items
        bought = self.recommender.item_index[bought_item_id]
        known = bought < items.num_items
        known_items = tf.reduce_sum(tf.cast(known, tf.int32), axis=1)
        mean = items.mean_of(bought, known)[:, self.start :]
        user_embedding = mean - self.subtracted
        has_known = known_items[:, None] > 0
        # Rows are [gamma, theta, 1, 0], and [0, 0, 0, 1] where no item is known.
        ending = tf.cast(tf.concat([has_known, ~has_known], axis=1), tf.float32)
        rows = tf.concat([tf.where(has_known, user_embedding, 0.0), ending], axis=1)
        rows = tf.pad(rows, [[0, 0], [self.start, 0]])
        item, score = items.best_except(rows, k, self.recommender.category(category), bought)
        return {
            "item_id": self.recommender.item_id[item],
            "score": score,
            "known_items": known_items,
        }

    def signatures(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """Returns the function to export by name."""
        return {"recommend_newcomer": self.recommend_newcomer}

    def example_requests(self, trained: TrainedRecommender) -> dict[str, dict[str, Any]]:
        """Returns a request to the signature."""
        item = trained.catalogue.item_ids[trained.split.train[0, 1]]
        return {"recommend_newcomer": {"bought_item_id": [[item]], "k": [10], "category": [""]}}
