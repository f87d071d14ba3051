"""Pictures that no catalogue holds, as they are served."""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_fashion.data import scale
from keras_fashion.models.trained import TrainedRecommender
from keras_fashion.serving.signatures.batched import batched
from keras_fashion.serving.signatures.item_table import MOST_K, NO_SCORE, longest_list
from keras_fashion.serving.signatures.picture_bytes import MOST_PICTURES, decode_pictures
from keras_fashion.serving.signatures.recommender import ServedRecommender
from keras_fashion.serving.signatures.request_checks import after, require_range, require_rows
from keras_fashion.serving.signatures.served import ItemEmbeddings, Served


class ServedPictures(Served):
    """Styles and scores of pictures that are no items of the catalogue, and the items like them.

    Args:
        run: Of a model with an `encoder` (DVBPR).
        known: The same run's recommender.
        embeddings: And its styles.
    """

    def __init__(
        self, run: TrainedRecommender, known: ServedRecommender, embeddings: ItemEmbeddings
    ) -> None:
        super().__init__()
        self.known = known
        self.embeddings = embeddings
        encoder = run.model.encoder
        self.picture_size = encoder.picture_size
        # Only the weights are tracked: a tracked Keras model would bring its optimizer along.
        self.encoder_weights = [variable.value for variable in encoder.variables]
        self.encode = batched(lambda pictures: encoder(scale(pictures), training=False))

        centered = run.vectors.items[:, embeddings.start :] - embeddings.mean.numpy()
        lengths = np.linalg.norm(centered, axis=1)
        inverse = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        filling = known.items.columns.shape[1] - known.items.num_items
        self.inverse_lengths = tf.Variable(
            np.pad(inverse, (0, filling)), trainable=False, name="inverse_lengths"
        )
        self._most_alike = batched(self._most_alike_of_many)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")], autograph=False)
    def embed(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """`embedding` (B, K) float32, Phi(X), of (B,) JPEG or PNG files.

        Raises:
            tf.errors.InvalidArgumentError: If there are none, or one cannot be decoded: which.
        """
        (image_bytes,) = after([require_rows(MOST_PICTURES, image_bytes=image_bytes)], image_bytes)
        return {"embedding": self._style(image_bytes)}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "user_id"),
            tf.TensorSpec([None], tf.string, "image_bytes"),
        ],
        autograph=False,
    )
    def score_picture(self, user_id: tf.Tensor, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Scores users against pictures, (B,) and (B,): for items too new for the catalogue.

        Returns:
            `score` (B,) float32, theta . Phi(X), NO_SCORE for an unknown user; `known_user` (B,)
            bool.

        Raises:
            tf.errors.InvalidArgumentError: As of `embed`, or if not as many of both are given.
        """
        checks = [require_rows(MOST_PICTURES, user_id=user_id, image_bytes=image_bytes)]
        user_id, image_bytes = after(checks, user_id, image_bytes)
        rows, known_user = self.known.user_rows(self.known.user_index[user_id])
        score = tf.reduce_sum(
            rows[:, self.embeddings.start : -2] * self._style(image_bytes), axis=1
        )
        return {"score": tf.where(known_user, score, NO_SCORE), "known_user": known_user}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "image_bytes"),
            tf.TensorSpec([None], tf.int32, "k"),
        ],
        autograph=False,
    )
    def similar(self, image_bytes: tf.Tensor, k: tf.Tensor) -> dict[str, tf.Tensor]:
        """The items of the catalogue whose styles are nearest to those of pictures.

        By the cosine of styles from which the catalogue's mean is taken, as `VisRank` compares.

        Args:
            image_bytes: (B,) string, JPEG or PNG files.
            k: (B,) int32, from 1 to MOST_K, how many.

        Returns:
            The nearest first: `item_id` (B, n) string and `similarity` (B, n) float32 in [-1, 1];
            n, "" and NO_SCORE as of `recommend`.

        Raises:
            tf.errors.InvalidArgumentError: As of `embed`, if a k is out of range or not as many
                of both are given.
        """
        checks = [
            require_rows(MOST_PICTURES, image_bytes=image_bytes, k=k),
            require_range("k", k, 1, MOST_K),
        ]
        image_bytes, k = after(checks, image_bytes, k)
        direction = tf.math.l2_normalize(self._style(image_bytes) - self.embeddings.mean, axis=1)
        item, similarity = self.known.items.cut_to(k, *self._most_alike(direction, k))
        return {"item_id": self.known.item_id[item], "similarity": similarity}

    def signatures_served(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """As of `Served`."""
        return {
            "embed": self.embed,
            "score_picture": self.score_picture,
            "similar": self.similar,
        }

    def example_requests(self, run: TrainedRecommender) -> dict[str, dict[str, Any]]:
        """As of `Served`."""
        picture = {"image_bytes": [run.catalogue.picture_files[0]]}
        user = run.catalogue.user_ids[run.split.train[0, 0]]
        return {
            "embed": picture,
            "score_picture": picture | {"user_id": [user]},
            "similar": picture | {"k": [10]},
        }

    def _style(self, image_bytes: tf.Tensor) -> tf.Tensor:
        embedding = self.encode(decode_pictures(image_bytes, self.picture_size))
        return tf.ensure_shape(embedding, [None, self.embeddings.mean.shape[0]])

    def _most_alike_of_many(
        self, direction: tf.Tensor, k: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """(B, K) and (B,) to items (B, MOST_K) int32 and cosines (B, MOST_K) float32."""
        # v . (q - m) / |q - m| from the vectors that are there, without a second table.
        rows = tf.pad(direction, [[0, 0], [self.embeddings.start, 2]])
        products = tf.matmul(rows, self.known.items.columns)
        less = tf.linalg.matvec(direction, self.embeddings.mean)[:, None]
        cosines = (products - less) * self.inverse_lengths
        real = tf.range(tf.shape(cosines)[1]) < self.known.items.num_items
        return longest_list(tf.where(real, cosines, NO_SCORE), k)
