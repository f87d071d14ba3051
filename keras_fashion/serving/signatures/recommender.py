"""The recommender as it is served: text ids in, scores and text ids out."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_fashion.errors import InputError
from keras_fashion.models.trained import TrainedRecommender
from keras_fashion.serving.signatures.item_table import MOST_K, ItemTable
from keras_fashion.serving.signatures.request_checks import (
    after,
    id_table,
    index_table,
    known_index,
    require_range,
    require_rows,
    write_ids,
)
from keras_fashion.serving.signatures.served import Served


class ServedRecommender(Served):
    """Scores and recommends from a run's scoring vectors, x_ui = p_u . q_i + b_i.

    A user is known when the run trained on interactions of theirs. For all others, the item's
    number of training interactions stands for the score (PopRank), and `known_user` says so.

    Args:
        run: Any recommender that has scoring vectors, with its catalogue and split.
        folder: Where the files of ids are written that `tf.saved_model.save` copies as assets.

    Attributes:
        items: What is ranked.

    Raises:
        InputError: If a vector is not finite, or an id holds a line break.
    """

    def __init__(self, run: TrainedRecommender, folder: Path) -> None:
        super().__init__()
        catalogue, split, vectors = run.catalogue, run.split, run.vectors
        users = write_ids(folder / "users.txt", catalogue.user_ids)
        items = write_ids(folder / "items.txt", catalogue.item_ids)
        categories = write_ids(folder / "categories.txt", catalogue.categories)
        self.user_index = index_table(users, unknown=split.num_users)
        self.item_index = index_table(items, unknown=split.num_items)
        self.item_id = id_table(items)
        self.category_index = index_table(categories, unknown=-1)
        self.items = ItemTable(vectors, split, catalogue)
        # Rows as `ItemTable` takes them: [p, 1, 0], and [0, 0, 1] for whoever was not trained on.
        rows = np.zeros((split.num_users + 1, vectors.users.shape[1] + 2), np.float32)
        trained = np.zeros(split.num_users + 1, bool)
        trained[split.train[:, 0]] = True
        rows[trained, :-2] = vectors.users[trained[:-1]]
        rows[trained, -2] = 1
        rows[~trained, -1] = 1
        if not np.isfinite(rows).all():
            raise InputError(
                "some user vectors are not finite; the model has diverged, train it "
                "with a lower learning rate."
            )
        self.users = tf.Variable(rows, trainable=False, name="users")

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "user_id"),
            tf.TensorSpec([None], tf.string, "item_id"),
        ],
        autograph=False,
    )
    def score(self, user_id: tf.Tensor, item_id: tf.Tensor) -> dict[str, tf.Tensor]:
        """Scores pairs: (B,) string and (B,) string.

        Returns:
            `score` (B,) float32, NO_SCORE for an unknown item; `known_user` and `known_item`
            (B,) bool.

        Raises:
            tf.errors.InvalidArgumentError: If there are no rows, or not as many of both.
        """
        user_id, item_id = after([require_rows(user_id=user_id, item_id=item_id)], user_id, item_id)
        rows, known_user = self.user_rows(self.user_index[user_id])
        item = self.item_index[item_id]
        return {
            "score": self.items.score(rows, item),
            "known_user": known_user,
            "known_item": item < self.items.num_items,
        }

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "user_id"),
            tf.TensorSpec([None], tf.int32, "k"),
            tf.TensorSpec([None], tf.string, "category"),
            tf.TensorSpec([None], tf.bool, "exclude_seen"),
        ],
        autograph=False,
    )
    def recommend(
        self, user_id: tf.Tensor, k: tf.Tensor, category: tf.Tensor, exclude_seen: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """The items that each user scores highest, the best first.

        Memory is B times the catalogue, for 64 rows (`batched`) at a time: 4.4 MB for 17,000
        items, 256 MB for a million.

        Args:
            user_id: (B,) string.
            k: (B,) int32, from 1 to MOST_K, how many.
            category: (B,) string, the name of the only category to look into, or "" for all.
            exclude_seen: (B,) bool, whether what the user has bought is left out.

        Returns:
            `item_id` (B, n) string and `score` (B, n) float32, n the greatest k or the number of
            items if that is smaller; "" and NO_SCORE behind a row's own k and where no item is
            left. `known_user` (B,) bool.

        Raises:
            tf.errors.InvalidArgumentError: If a category is unknown, a k out of range, there are
                no rows, or not as many of each input.
        """
        checks = [
            require_rows(user_id=user_id, k=k, category=category, exclude_seen=exclude_seen),
            require_range("k", k, 1, MOST_K),
        ]
        user_id, k, category, exclude_seen = after(checks, user_id, k, category, exclude_seen)
        user = self.user_index[user_id]
        rows, known_user = self.user_rows(user)
        buyer = tf.where(exclude_seen, user, self.items.nobody)
        item, score = self.items.best(rows, k, self.category(category), buyer)
        return {"item_id": self.item_id[item], "score": score, "known_user": known_user}

    def signatures_served(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """As of `Served`."""
        return {"recommend": self.recommend, "score": self.score}

    def example_requests(self, run: TrainedRecommender) -> dict[str, dict[str, Any]]:
        """As of `Served`."""
        user = run.catalogue.user_ids[run.split.train[0, 0]]
        item = run.catalogue.item_ids[run.split.train[0, 1]]
        return {
            "recommend": {"user_id": [user], "k": [10], "category": [""], "exclude_seen": [True]},
            "score": {"user_id": [user], "item_id": [item]},
        }

    def user_rows(self, user: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Rows of users, (B, K + 2), and whether they were trained on, (B,) bool."""
        rows = tf.gather(self.users, user)
        return rows, rows[:, -2] == 1

    def category(self, name: tf.Tensor) -> tf.Tensor:
        """(B,) int32; -1 for the empty name."""
        some = tf.where(name != "")
        index = known_index(self.category_index, "category", tf.gather_nd(name, some))
        all_of_them = tf.fill(tf.shape(name), -1)
        return tf.tensor_scatter_nd_update(all_of_them, some, tf.cast(index, tf.int32))
