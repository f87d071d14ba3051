"""The designer as it is served: names and numbers in, pictures out."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_fashion.catalogue import unscale
from keras_fashion.design import PreferenceMaximiser
from keras_fashion.design.people import People
from keras_fashion.design.prior_sample import PriorSample
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
        self.sample = PriorSample(
            *(
                tf.Variable(each, trainable=False)
                for each in self.maximiser.prior_sample(range(len(catalogue.categories)))
            )
        )

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
        """Designs for one user, or for a group: then for the mean of what they prefer (`Mean`).

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
        restarts = self.maximiser.procedure.restarts
        checks = [
            tf.debugging.Assert(tf.size(user_id) > 0, ["user_id must name one user or more"]),
            tf.debugging.Assert(
                (count >= 1) & (count <= restarts),
                [f"count must be from 1 to {restarts}, not", count],
            ),
            tf.debugging.Assert(eta >= 0, ["eta must be 0 or more, not", eta]),
        ]
        with tf.control_dependencies(checks):
            user = known_index(self.user_index, "user_id", user_id)
            index = self._categories(category[None])

        sample = PriorSample(
            self.sample.codes.value(), *(tf.gather(each, index) for each in self.sample[1:])
        )
        tastes = tf.gather(self.theta, user)[None]
        weights = tf.ones(tf.shape(tastes)[:2])
        people = People.on_scale(sample, tastes, weights, index, eta[None])
        consensus = self.maximiser.consensus(sample, people)
        start = self.maximiser.starts(sample, people, seed)
        _, *designed = self.maximiser.maximise(people, consensus, start, count)
        pictures, preference, realism = (each[0] for each in designed[:3])
        return {
            "image_bytes": tf.io.encode_png(unscale(pictures)),
            "preference": preference,
            "realism": realism,
        }

    def _categories(self, category: tf.Tensor) -> tf.Tensor:
        return tf.cast(known_index(self.category_index, "category", category), tf.int32)
