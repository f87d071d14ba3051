"""The recommender as it is served: text ids and picture bytes in, scores and text ids out."""

from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_fashion.catalogue import decode_picture, scale
from keras_fashion.run import Run
from keras_fashion.serving.id_tables import id_table, index_table, known_index, write_ids

NO_SCORE = tf.float32.min
"""Stands where there is no score. It ranks last and, other than NaN, is valid JSON."""


class ServedRecommender(tf.Module):
    """Scores and recommends from a run's scoring vectors, x_ui = p_u . q_i + b_i.

    A user is known when the run trained on interactions of theirs. For all others, the item's
    number of training interactions stands for the score (PopRank), and `known_user` says so.

    Args:
        run: Of any recommender.
        folder: Where the files of ids are written that `tf.saved_model.save` copies as assets.
    """

    def __init__(self, run: Run, folder: Path) -> None:
        super().__init__()
        catalogue, split, vectors = run.catalogue, run.split, run.vectors
        users = write_ids(folder / "users.txt", catalogue.user_ids)
        items = write_ids(folder / "items.txt", catalogue.item_ids)
        categories = write_ids(folder / "categories.txt", catalogue.categories)
        self.user_index = index_table(users, unknown=split.user_count)
        self.item_index = index_table(items, unknown=split.item_count)
        self.item_id = id_table(items)
        self.category_index = index_table(categories, unknown=-1)

        def table(values: np.ndarray, name: str) -> tf.Variable:
            return tf.Variable(values, trainable=False, name=name)

        # The last row of these belongs to whatever id is unknown.
        trained = np.zeros(split.user_count + 1, bool)
        trained[split.train[:, 0]] = True
        self.trained = table(trained, "trained")
        self.users = table(_with_zero(vectors.users), "users")
        self.items = table(_with_zero(vectors.items), "items")
        self.biases = table(_with_zero(vectors.biases), "biases")
        self.popularity = table(_with_zero(split.training_counts.astype(np.float32)), "popularity")
        self.item_categories = table(catalogue.item_categories.astype(np.int64), "item_categories")

        # What a user bought stands in `bought` from `bought_starts[u]` to `bought_starts[u + 1]`.
        bought_by, bought = catalogue.interactions.astype(np.int64).T
        self.bought = table(bought, "bought")
        self.bought_starts = table(
            np.searchsorted(bought_by, np.arange(split.user_count + 2)), "bought_starts"
        )

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "user_id"),
            tf.TensorSpec([None], tf.string, "item_id"),
        ]
    )
    def score(self, user_id: tf.Tensor, item_id: tf.Tensor) -> dict[str, tf.Tensor]:
        """Scores pairs: (B,) string and (B,) string.

        Returns:
            `score` (B,) float32, NO_SCORE for an unknown item; `known_user` and `known_item`
            (B,) bool.
        """
        user, item = self.user_index[user_id], self.item_index[item_id]
        known_user = tf.gather(self.trained, user)
        known_item = item < self.item_index.size()
        dot = tf.reduce_sum(tf.gather(self.users, user) * tf.gather(self.items, item), axis=1)
        personal = dot + tf.gather(self.biases, item)
        score = tf.where(known_user, personal, tf.gather(self.popularity, item))
        return {
            "score": tf.where(known_item, score, NO_SCORE),
            "known_user": known_user,
            "known_item": known_item,
        }

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "user_id"),
            tf.TensorSpec([], tf.int32, "k"),
            tf.TensorSpec([], tf.string, "category"),
        ]
    )
    def recommend(
        self, user_id: tf.Tensor, k: tf.Tensor, category: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """The k items that each user scores highest and has not bought, the best first.

        Memory is B times the catalogue: 17 MB for 256 users and 17,000 items.

        Args:
            user_id: (B,) string.
            k: () int32; at most the number of items is returned.
            category: () string, the name of one category, or "" for all.

        Returns:
            `item_id` (B, k) string and `score` (B, k) float32, "" and NO_SCORE where no item is
            left; `known_user` (B,) bool.

        Raises:
            tf.errors.InvalidArgumentError: If the category is unknown.
        """
        user = self.user_index[user_id]
        known_user = tf.gather(self.trained, user)
        dots = tf.matmul(tf.gather(self.users, user), self.items[:-1], transpose_b=True)
        personal = dots + self.biases[:-1]
        scores = tf.where(known_user[:, None], personal, self.popularity[:-1])

        bought = tf.gather(
            tf.RaggedTensor.from_row_splits(self.bought, self.bought_starts, validate=False), user
        )
        places = tf.stack([bought.value_rowids(), bought.values], axis=1)
        none = tf.fill([tf.shape(places)[0]], NO_SCORE)
        scores = tf.tensor_scatter_nd_update(scores, places, none)

        # No category or one; "all of no category" is every item.
        wanted = tf.boolean_mask(category[None], category[None] != "")
        index = known_index(self.category_index, "category", wanted)
        in_category = tf.reduce_all(self.item_categories[:, None] == index, axis=1)
        scores = tf.where(in_category, scores, NO_SCORE)

        score, item = tf.math.top_k(scores, tf.minimum(k, tf.shape(scores)[1]))
        item = tf.where(score > NO_SCORE, tf.cast(item, tf.int64), -1)
        return {"item_id": self.item_id[item], "score": score, "known_user": known_user}


class ServedVisualRecommender(ServedRecommender):
    """A recommender that also sees pictures that are not in the catalogue (DVBPR).

    Args:
        run: Of a model with an `encoder`.
        folder: As for `ServedRecommender`.
    """

    def __init__(self, run: Run, folder: Path) -> None:
        super().__init__(run, folder)
        encoder = run.model.encoder
        self.picture_size = encoder.picture_size
        # Only the weights are tracked: a tracked Keras model would bring its optimiser along.
        self.encoder_weights = [variable.value for variable in encoder.variables]
        self.encode = partial(encoder, training=False)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")])
    def embed(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """`embedding` (B, K) float32, Phi(X), of (B,) JPEG or PNG files.

        Raises:
            tf.errors.InvalidArgumentError: If one cannot be decoded.
        """
        pictures = tf.map_fn(
            lambda data: decode_picture(data, self.picture_size),
            image_bytes,
            fn_output_signature=tf.TensorSpec([*self.picture_size, 3], tf.uint8),
        )
        return {"embedding": self.encode(scale(pictures))}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "user_id"),
            tf.TensorSpec([None], tf.string, "image_bytes"),
        ]
    )
    def score_picture(self, user_id: tf.Tensor, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Scores users against pictures, (B,) and (B,): for items too new for the catalogue.

        Returns:
            `score` (B,) float32, NO_SCORE for an unknown user; `known_user` (B,) bool.
        """
        user = self.user_index[user_id]
        known_user = tf.gather(self.trained, user)
        embedding = self.embed(image_bytes)["embedding"]
        # A picture that is no item has a style only: gamma, if any, comes first in a vector.
        taste = tf.gather(self.users, user)[:, -embedding.shape[1] :]
        score = tf.reduce_sum(taste * embedding, axis=1)
        return {"score": tf.where(known_user, score, NO_SCORE), "known_user": known_user}


def _with_zero(table: np.ndarray) -> np.ndarray:
    return np.concatenate([table, np.zeros_like(table[:1])])
