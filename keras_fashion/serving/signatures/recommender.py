"""The signatures of the exported recommender: text ids in, scores and text ids out."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_fashion.errors import InputError
from keras_fashion.models.trained import TrainedRecommender
from keras_fashion.serving.signatures.item_table import MAX_K, ItemTable
from keras_fashion.serving.signatures.request_checks import (
    after,
    id_table,
    index_table,
    known_index,
    require_range,
    require_rows,
    write_ids,
)
from keras_fashion.serving.signatures.served_module import ServedModule

RECOMMEND_INPUTS = (
    tf.TensorSpec([None], tf.string, "user_id"),
    tf.TensorSpec([None], tf.int32, "k"),
    tf.TensorSpec([None], tf.string, "category"),
    tf.TensorSpec([None], tf.bool, "exclude_seen"),
)
"""Inputs of a request for recommendations."""


class ServedRecommender(ServedModule):
    """Scores and recommends by scoring vectors, x_ui = p_u . q_i + b_i.

    A user is known if the model was trained on interactions of theirs. For all other users, an
    item's number of training interactions is the score (PopRank), and `known_user` says so.

    Args:
        trained: A trained recommender with scoring vectors and its data.
        folder: Folder for the files of ids, which `tf.saved_model.save` copies as assets.

    Attributes:
        items: The table of the items.

    Raises:
        InputError: If a vector is not finite, or an id contains a line break.
    """

    def __init__(self, trained: TrainedRecommender, folder: Path) -> None:
        super().__init__()
        catalogue, split, vectors = trained.catalogue, trained.split, trained.vectors
        users = write_ids(folder / "users.txt", catalogue.user_ids)
        items = write_ids(folder / "items.txt", catalogue.item_ids)
        categories = write_ids(folder / "categories.txt", catalogue.categories)
        self.user_index = index_table(users, unknown=split.num_users)
        self.item_index = index_table(items, unknown=split.num_items)
        self.item_id = id_table(items)
        self.category_index = index_table(categories, unknown=-1)
        self.items = ItemTable(vectors, split, catalogue)
        # Rows as `ItemTable` takes them: [p, 1, 0] for known and [0, 0, 1] for other users.
        rows = np.zeros((split.num_users + 1, vectors.users.shape[1] + 2), np.float32)
        known = np.zeros(split.num_users + 1, bool)
        known[split.train[:, 0]] = True
        rows[known, :-2] = vectors.users[known[:-1]]
        rows[known, -2] = 1
        rows[~known, -1] = 1
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
        """Scores pairs of a user and an item.

        Args:
            user_id: (B,) string.
            item_id: (B,) string.

        Returns:
            `score` (B,) float32, NO_SCORE for an unknown item; `known_user` and `known_item`
            (B,) bool.

        Raises:
            tf.errors.InvalidArgumentError: If there are no rows, or different numbers of both.
        """
        user_id, item_id = after([require_rows(user_id=user_id, item_id=item_id)], user_id, item_id)
        rows, known_user = self.user_rows(self.user_index[user_id])
        item = self.item_index[item_id]
        return {
            "score": self.items.score(rows, item),
            "known_user": known_user,
            "known_item": item < self.items.num_items,
        }

    @tf.function(input_signature=RECOMMEND_INPUTS, autograph=False)
    def recommend(
        self, user_id: tf.Tensor, k: tf.Tensor, category: tf.Tensor, exclude_seen: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Recommends the items with the highest scores to each user, the best first.

        The scores of a batch of at most 64 rows (`batched`) and all items are in memory at a time:
        4.4 MB for 17,000 items, 256 MB for a million.

        Args:
            user_id: (B,) string.
            k: (B,) int32, number of items from 1 to MAX_K.
            category: (B,) string, name of the only category of the items, or "" for all.
            exclude_seen: (B,) bool, whether what the user has bought is left out.

        Returns:
            `item_id` (B, n) string and `score` (B, n) float32, where n is the largest k or the
            number of items if that is smaller; "" and NO_SCORE after the k of a row and where no
            item is left. `known_user` (B,) bool.

        Raises:
            tf.errors.InvalidArgumentError: If a category is unknown, a k is out of range, there
                are no rows, or the inputs have different numbers of rows.
        """
        checks = [
            require_rows(user_id=user_id, k=k, category=category, exclude_seen=exclude_seen),
            require_range("k", k, 1, MAX_K),
        ]
        user_id, k, category, exclude_seen = after(checks, user_id, k, category, exclude_seen)
        user = self.user_index[user_id]
        rows, known_user = self.user_rows(user)
        return self.best(user, rows, k, category, exclude_seen) | {"known_user": known_user}

    def signatures(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """Returns the functions to export by name; the first is the default."""
        return {"recommend": self.recommend, "score": self.score}

    def example_requests(self, trained: TrainedRecommender) -> dict[str, dict[str, Any]]:
        """Returns a request to each signature."""
        user = trained.catalogue.user_ids[trained.split.train[0, 0]]
        item = trained.catalogue.item_ids[trained.split.train[0, 1]]
        return {
            "recommend": {"user_id": [user], "k": [10], "category": [""], "exclude_seen": [True]},
            "score": {"user_id": [user], "item_id": [item]},
        }

    def best(
        self,
        user: tf.Tensor,
        rows: tf.Tensor,
        k: tf.Tensor,
        category: tf.Tensor,
        exclude_seen: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """Returns `item_id` and `score` of `recommend`.

        Args:
            user: (B,) int64, as in `user_rows`.
            rows: (B, K + 2) float32, the rows of the users.
            k: (B,) int32, see `recommend`.
            category: (B,) string, see `recommend`.
            exclude_seen: (B,) bool, see `recommend`.
        """
        buyer = tf.where(exclude_seen, user, self.items.nobody)
        item, score = self.items.best(rows, k, self.category(category), buyer)
        return {"item_id": self.item_id[item], "score": score}

    def user_rows(self, user: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the rows of users for `ItemTable`, (B, K + 2), and whether each is known, (B,).

        Args:
            user: (B,) int64, dense indices; the number of users for an unknown id.
        """
        rows = tf.gather(self.users, user)
        return rows, rows[:, -2] == 1

    def category(self, name: tf.Tensor) -> tf.Tensor:
        """Returns dense indices of (B,) string categories, (B,) int32; -1 for the empty name."""
        positions = tf.where(name != "")
        index = known_index(self.category_index, "category", tf.gather_nd(name, positions))
        all_categories = tf.fill(tf.shape(name), -1)
        return tf.tensor_scatter_nd_update(all_categories, positions, tf.cast(index, tf.int32))
