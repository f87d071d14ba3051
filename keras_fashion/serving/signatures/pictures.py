"""The signatures for pictures that are not in the catalogue."""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_fashion.data import scale
from keras_fashion.models.trained import TrainedRecommender
from keras_fashion.serving.signatures.batching import batched
from keras_fashion.serving.signatures.item_table import MAX_K, NO_SCORE, longest_list
from keras_fashion.serving.signatures.picture_bytes import MAX_PICTURES, decode_pictures
from keras_fashion.serving.signatures.recommender import ServedRecommender
from keras_fashion.serving.signatures.request_checks import after, require_range, require_rows
from keras_fashion.serving.signatures.served_module import ItemEmbeddings, ServedModule


class ServedPictures(ServedModule):
    """Embeds and scores pictures that are not in the catalogue, and finds similar items.

    Args:
        trained: A trained DVBPR with its data.
        recommender: The served recommender of the same model.
        embeddings: The embeddings of the same model's items.
    """

    def __init__(
        self,
        trained: TrainedRecommender,
        recommender: ServedRecommender,
        embeddings: ItemEmbeddings,
    ) -> None:
        super().__init__()
        self.recommender = recommender
        self.embeddings = embeddings
        encoder = trained.model.encoder
        self.picture_size = encoder.picture_size
        # The weights are tracked instead of the Keras model, which would bring its optimizer.
        self.encoder_weights = [variable.value for variable in encoder.variables]
        self.encode = batched(lambda pictures: encoder(scale(pictures), training=False))

        centered = trained.vectors.items[:, embeddings.start :] - embeddings.mean.numpy()
        lengths = np.linalg.norm(centered, axis=1)
        inverse = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        padding = recommender.items.columns.shape[1] - recommender.items.num_items
        self.inverse_lengths = tf.Variable(
            np.pad(inverse, (0, padding)), trainable=False, name="inverse_lengths"
        )
        self._most_similar = batched(self._longest_list_of_similar)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")], autograph=False)
    def embed(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Embeds pictures.

        Args:
            image_bytes: (B,) string, JPEG or PNG files.

        Returns:
            `embedding` (B, K) float32, Phi(X).

        Raises:
            tf.errors.InvalidArgumentError: If there are no files, or some cannot be decoded; the
                message names their rows.
        """
        (image_bytes,) = after([require_rows(MAX_PICTURES, image_bytes=image_bytes)], image_bytes)
        return {"embedding": self._embed(image_bytes)}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "user_id"),
            tf.TensorSpec([None], tf.string, "image_bytes"),
        ],
        autograph=False,
    )
    def score_picture(self, user_id: tf.Tensor, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Scores pairs of a user and a picture, such as that of an item that is still to come.

        Args:
            user_id: (B,) string.
            image_bytes: (B,) string, JPEG or PNG files.

        Returns:
            `score` (B,) float32, theta . Phi(X), NO_SCORE for an unknown user; `known_user` (B,)
            bool.

        Raises:
            tf.errors.InvalidArgumentError: See `embed`; also if the two have different numbers of
                rows.
        """
        checks = [require_rows(MAX_PICTURES, user_id=user_id, image_bytes=image_bytes)]
        user_id, image_bytes = after(checks, user_id, image_bytes)
        rows, known_user = self.recommender.user_rows(self.recommender.user_index[user_id])
        user_embedding = rows[:, self.embeddings.start : -2]
        score = tf.reduce_sum(user_embedding * self._embed(image_bytes), axis=1)
        return {"score": tf.where(known_user, score, NO_SCORE), "known_user": known_user}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "image_bytes"),
            tf.TensorSpec([None], tf.int32, "k"),
        ],
        autograph=False,
    )
    def similar(self, image_bytes: tf.Tensor, k: tf.Tensor) -> dict[str, tf.Tensor]:
        """Finds the items of the catalogue whose embeddings are most similar to those of pictures.

        The similarity is the cosine of embeddings from which the catalogue's mean is subtracted,
        as in `VisRank`.

        Args:
            image_bytes: (B,) string, JPEG or PNG files.
            k: (B,) int32, number of items from 1 to MAX_K.

        Returns:
            The most similar first: `item_id` (B, n) string and `similarity` (B, n) float32 in
            [-1, 1]; for n, "" and NO_SCORE see `ServedRecommender.recommend`.

        Raises:
            tf.errors.InvalidArgumentError: See `embed`; also if a k is out of range or the two
                have different numbers of rows.
        """
        checks = [
            require_rows(MAX_PICTURES, image_bytes=image_bytes, k=k),
            require_range("k", k, 1, MAX_K),
        ]
        image_bytes, k = after(checks, image_bytes, k)
        direction = tf.math.l2_normalize(self._embed(image_bytes) - self.embeddings.mean, axis=1)
        item, similarity = self.recommender.items.cut_to(k, *self._most_similar(direction, k))
        return {"item_id": self.recommender.item_id[item], "similarity": similarity}

    def signatures(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """Returns the functions to export by name."""
        return {
            "embed": self.embed,
            "score_picture": self.score_picture,
            "similar": self.similar,
        }

    def example_requests(self, trained: TrainedRecommender) -> dict[str, dict[str, Any]]:
        """Returns a request to each signature."""
        picture = {"image_bytes": [trained.catalogue.picture_files[0]]}
        user = trained.catalogue.user_ids[trained.split.train[0, 0]]
        return {
            "embed": picture,
            "score_picture": picture | {"user_id": [user]},
            "similar": picture | {"k": [10]},
        }

    def _embed(self, image_bytes: tf.Tensor) -> tf.Tensor:
        embedding = self.encode(decode_pictures(image_bytes, self.picture_size))
        return tf.ensure_shape(embedding, [None, self.embeddings.mean.shape[0]])

    def _longest_list_of_similar(
        self, direction: tf.Tensor, k: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the items nearest to (B, K) unit vectors, (B, MAX_K) int32, and the cosines."""
        # The cosine v . (q - m) / |q - m| is computed from the columns q of the item table, so that
        # no second table of centered embeddings is needed.
        rows = tf.pad(direction, [[0, 0], [self.embeddings.start, 2]])
        products = tf.matmul(rows, self.recommender.items.columns)
        products_with_mean = tf.linalg.matvec(direction, self.embeddings.mean)[:, None]
        cosines = (products - products_with_mean) * self.inverse_lengths
        is_item = tf.range(tf.shape(cosines)[1]) < self.recommender.items.num_items
        return longest_list(tf.where(is_item, cosines, NO_SCORE), k)
