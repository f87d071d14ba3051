"""The designer as it is served: names and numbers in, pictures out."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_fashion.catalogue import unscale
from keras_fashion.design import PreferenceMaximiser
from keras_fashion.run import Run
from keras_fashion.serving.id_tables import index_table, known_index, write_ids


class ServedDesigner(tf.Module):
    """Generates garments, and designs them for a user or a group.

    The gradient ascent of `PreferenceMaximiser` is part of the exported graph.

    Args:
        recommender_run: Of a DVBPR.
        gan_run: Of a conditional GAN of the same catalogue.
        folder: Where the files of ids are written that `tf.saved_model.save` copies as assets.
    """

    def __init__(self, recommender_run: Run, gan_run: Run, folder: Path) -> None:
        super().__init__()
        catalogue = recommender_run.catalogue
        trained = np.unique(recommender_run.split.train[:, 0])
        users = write_ids(folder / "users.txt", catalogue.user_ids[trained])
        categories = write_ids(folder / "categories.txt", catalogue.categories)
        self.user_index = index_table(users, unknown=-1)
        self.category_index = index_table(categories, unknown=-1)
        self.theta = tf.Variable(
            recommender_run.vectors.users[trained], trainable=False, name="theta"
        )

        recommender, gan = recommender_run.model, gan_run.model
        # Only the weights are tracked: a tracked Keras model would bring its optimiser along.
        self.weights = [
            variable.value
            for network in (recommender.encoder, gan.generator, gan.discriminator)
            for variable in network.variables
        ]
        self.maximiser = PreferenceMaximiser(recommender, gan)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "category"),
            tf.TensorSpec([], tf.int32, "seed"),
        ]
    )
    def generate(self, category: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        """Draws a garment of each category, for nobody in particular.

        Args:
            category: (B,) string, names of categories.
            seed: () int32, decides the codes.

        Returns:
            `image_bytes` (B,) string, PNG files.

        Raises:
            tf.errors.InvalidArgumentError: If a category is unknown.
        """
        index = self._categories(category)
        codes = self.maximiser.prior(tf.size(category), seed)
        pictures = self.maximiser.gan.generator([codes, index], training=False)
        return {"image_bytes": tf.io.encode_png(unscale(pictures))}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "user_id"),
            tf.TensorSpec([], tf.string, "category"),
            tf.TensorSpec([], tf.int32, "count"),
            tf.TensorSpec([], tf.float32, "eta"),
            tf.TensorSpec([], tf.int32, "seed"),
        ]
    )
    def design(
        self,
        user_id: tf.Tensor,
        category: tf.Tensor,
        count: tf.Tensor,
        eta: tf.Tensor,
        seed: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """Designs for one user, or for a group: then for the mean of their tastes.

        Args:
            user_id: (n,) string, one or more.
            category: () string, the name of a category.
            count: () int32, how many designs; at most the maximiser's restarts.
            eta: () float32, weight of the realism term.
            seed: () int32, decides where the restarts begin.

        Returns:
            The best first: `image_bytes` (count,) string, PNG files; `preference` (count,)
            float32, theta . Phi(G(z, c)); `realism` (count,) float32, D(G(z, c), c).

        Raises:
            tf.errors.InvalidArgumentError: If the category or a user is unknown, or count is
                out of range.
        """
        restarts = self.maximiser.restarts
        checks = [
            tf.debugging.Assert(tf.size(user_id) > 0, ["user_id must name one user or more"]),
            tf.debugging.Assert(
                (count >= 1) & (count <= restarts),
                [f"count must be from 1 to {restarts}, not", count],
            ),
        ]
        with tf.control_dependencies(checks):
            user = known_index(self.user_index, "user_id", user_id)
            index = self._categories(category[None])

        taste = tf.reduce_mean(tf.gather(self.theta, user), axis=0, keepdims=True)
        start = self.maximiser.prior(restarts, seed)
        codes, _ = self.maximiser.maximise(taste, index, eta[None], start, count)
        pictures, preference, realism = self.maximiser.terms(
            codes[0], tf.repeat(taste, count, axis=0), tf.repeat(index, count)
        )
        return {
            "image_bytes": tf.io.encode_png(unscale(pictures)),
            "preference": preference,
            "realism": realism,
        }

    def _categories(self, category: tf.Tensor) -> tf.Tensor:
        return tf.cast(known_index(self.category_index, "category", category), tf.int32)
