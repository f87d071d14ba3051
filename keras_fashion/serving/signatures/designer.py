"""The designer as it is served: names, numbers and pictures in, pictures out."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_fashion.data import scale, unscale
from keras_fashion.design import Originals, PreferenceMaximizer
from keras_fashion.design.item_redesign import towards
from keras_fashion.design.objective import DesignBatch, PriorSample
from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.models.trained import TrainedRecommender
from keras_fashion.serving.signatures.picture_bytes import decode_pictures
from keras_fashion.serving.signatures.request_checks import (
    after,
    index_table,
    known_index,
    require_range,
    require_rows,
    write_ids,
)
from keras_fashion.serving.signatures.served import Served

MOST_DRAWINGS, MOST_MEMBERS, MOST_STEPS, MOST_FRAMES = 64, 100, 100, 24
"""Of one request: what keeps it within a few seconds."""

LARGEST_WEIGHT = 1000.0
"""Of eta and proximity."""


class ServedDesigner(Served):
    """Draws garments, designs them for a user or a group, and redesigns one that exists.

    The gradient ascents of `PreferenceMaximizer` and `redesign` are part of the exported graph. A
    request is one task for one or more people: its inputs are scalars, but for the members.

    Args:
        trained: Of a DVBPR.
        gan: A conditional GAN of the same catalogue.
        folder: Where the files of ids are written that `tf.saved_model.save` copies as assets.
    """

    def __init__(self, trained: TrainedRecommender, gan: ConditionalGAN, folder: Path) -> None:
        super().__init__()
        catalogue = trained.catalogue
        trained = np.unique(trained.split.train[:, 0])
        users = write_ids(folder / "users.txt", catalogue.user_ids[trained])
        categories = write_ids(folder / "categories.txt", catalogue.categories)
        self.user_index = index_table(users, unknown=-1)
        self.category_index = index_table(categories, unknown=-1)
        recommender = trained.model
        theta = trained.vectors.users[trained]
        self.theta = tf.Variable(theta, trainable=False, name="theta")

        # Only the weights are tracked: a tracked Keras model would bring its optimizer along.
        self.weights = [
            variable.value
            for network in (recommender.encoder, gan.ema_generator, gan.discriminator)
            for variable in network.variables
        ]
        self.maximizer = PreferenceMaximizer(recommender, gan)
        self.sample = PriorSample(
            *(
                tf.Variable(each, trainable=False)
                for each in self.maximizer.prior_sample(range(len(catalogue.categories)))
            )
        )

    @tf.function(
        input_signature=[
            tf.TensorSpec([], tf.string, "category"),
            tf.TensorSpec([], tf.int32, "count"),
            tf.TensorSpec([], tf.int32, "seed"),
        ],
        autograph=False,
    )
    def generate(
        self, category: tf.Tensor, count: tf.Tensor, seed: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Draws garments of a category, for nobody in particular.

        Args:
            category: () string, the name of a category.
            count: () int32, from 1 to MOST_DRAWINGS.
            seed: () int32, decides the latents.

        Returns:
            `image_bytes` (count,) string, PNG files; `realism` (count,) float32, D(G(z, c), c).

        Raises:
            tf.errors.InvalidArgumentError: If the category is unknown or count out of range.
        """
        (count,) = after([require_range("count", count, 1, MOST_DRAWINGS)], count)
        index = tf.repeat(self._category(category), count)
        latents = self.maximizer.prior(count, seed)
        pictures, _, realism = self.maximizer.terms(latents, index)
        return {"image_bytes": tf.io.encode_png(unscale(pictures)), "realism": realism}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "user_id"),
            tf.TensorSpec([], tf.string, "category"),
            tf.TensorSpec([], tf.int32, "count"),
            tf.TensorSpec([], tf.float32, "eta"),
            tf.TensorSpec([], tf.int32, "steps"),
            tf.TensorSpec([], tf.int32, "seed"),
        ],
        autograph=False,
    )
    def design(
        self,
        user_id: tf.Tensor,
        category: tf.Tensor,
        count: tf.Tensor,
        eta: tf.Tensor,
        steps: tf.Tensor,
        seed: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """Designs for one user, or for a group: then for the mean of what they prefer (`Mean`).

        Args:
            user_id: (n,) string, from 1 to MOST_MEMBERS.
            category: () string, the name of a category.
            count: () int32, how many designs; at most the maximizer's restarts.
            eta: () float32, weight of the realism term, from 0 to LARGEST_WEIGHT.
            steps: () int32, of the ascent, from 0 to MOST_STEPS; `Procedure.steps` is what was
                measured best.
            seed: () int32, decides where the restarts begin.

        Returns:
            The best first: `image_bytes` (count,) string, PNG files; `preference` (count,)
            float32, theta . Phi(G(z, c)); `realism` (count,) float32, D(G(z, c), c).

        Raises:
            tf.errors.InvalidArgumentError: If the category or a user is unknown, or a number is
                out of range.
        """
        checks = [
            require_range("count", count, 1, self.maximizer.procedure.restarts),
            require_range("steps", steps, 0, MOST_STEPS),
        ]
        count, steps = after(checks, count, steps)
        sample, batch = self._commission(user_id, category, eta)
        consensus = self.maximizer.consensus(sample, batch)
        start = self.maximizer.starts(sample, batch, seed)
        _, *designed = self.maximizer.maximize(batch, consensus, start, count, steps=steps)
        pictures, preference, realism = (each[0] for each in designed[:3])
        return {
            "image_bytes": tf.io.encode_png(unscale(pictures)),
            "preference": preference,
            "realism": realism,
        }

    @tf.function(
        input_signature=[
            tf.TensorSpec([], tf.string, "image_bytes"),
            tf.TensorSpec([None], tf.string, "user_id"),
            tf.TensorSpec([], tf.string, "category"),
            tf.TensorSpec([], tf.int32, "frames"),
            tf.TensorSpec([], tf.float32, "eta"),
            tf.TensorSpec([], tf.float32, "proximity"),
        ],
        autograph=False,
    )
    def redesign(
        self,
        image_bytes: tf.Tensor,
        user_id: tf.Tensor,
        category: tf.Tensor,
        frames: tf.Tensor,
        eta: tf.Tensor,
        proximity: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """Changes a garment step by step towards a user's taste, or a group's.

        Args:
            image_bytes: () string, a JPEG or PNG file.
            user_id: (n,) string, from 1 to MOST_MEMBERS.
            category: () string, the category of the garment.
            frames: () int32, pictures on the way, from 2 to MOST_FRAMES, both ends included.
            eta: () float32, weight of the realism term, from 0 to LARGEST_WEIGHT.
            proximity: () float32, weight of the distance from the garment, from 0 to
                LARGEST_WEIGHT.

        Returns:
            `image_bytes` (frames,) string, PNG files, the first the generator's nearest to the
            garment; `preference`, `realism` and `distance`, (frames,) float32, as of `Redesign`.

        Raises:
            tf.errors.InvalidArgumentError: If the picture is broken, the category or a user
                unknown, or a number out of range.
        """
        checks = [
            require_range("frames", frames, 2, MOST_FRAMES),
            require_range("proximity", proximity, 0.0, LARGEST_WEIGHT),
        ]
        frames, proximity = after(checks, frames, proximity)
        sample, batch = self._commission(user_id, category, eta)
        picture = decode_pictures(image_bytes[None], self.maximizer.gan.picture_size)
        beside = Originals.beside(sample, self.maximizer, scale(picture))
        pictures, _, *rest = towards(self.maximizer, sample, batch, *beside, frames, proximity)
        preference, realism, distance = rest
        return {
            "image_bytes": tf.io.encode_png(pictures),
            "preference": preference,
            "realism": realism,
            "distance": distance,
        }

    def signatures_served(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """As of `Served`."""
        return {"design": self.design, "generate": self.generate, "redesign": self.redesign}

    def example_requests(self, run: TrainedRecommender) -> dict[str, dict[str, Any]]:
        """As of `Served`."""
        catalogue = run.catalogue
        category = {"category": catalogue.categories[catalogue.item_categories[0]]}
        somebody = category | {"user_id": [catalogue.user_ids[run.split.train[0, 0]]], "eta": 1.0}
        return {
            "design": somebody | {"count": 1, "steps": 1, "seed": 0},
            "generate": category | {"count": 1, "seed": 0},
            "redesign": somebody
            | {"image_bytes": catalogue.picture_files[0], "frames": 2, "proximity": 1.0},
        }

    def _commission(
        self, user_id: tf.Tensor, category: tf.Tensor, eta: tf.Tensor
    ) -> tuple[PriorSample, DesignBatch]:
        """The sample of the prior in the category, and the one group that is designed for."""
        checks = [
            require_rows(MOST_MEMBERS, user_id=user_id),
            require_range("eta", eta, 0.0, LARGEST_WEIGHT),
        ]
        user_id, eta = after(checks, user_id, eta)
        user_embeddings = tf.gather(self.theta, known_index(self.user_index, "user_id", user_id))[
            None
        ]
        index = self._category(category)
        sample = PriorSample(
            self.sample.latents.value(), *(tf.gather(each, index) for each in self.sample[1:])
        )
        return sample, DesignBatch.from_prior(
            sample, user_embeddings, tf.ones_like(user_embeddings[..., 0]), index, eta[None]
        )

    def _category(self, name: tf.Tensor) -> tf.Tensor:
        """(1,) int32."""
        return tf.cast(known_index(self.category_index, "category", name[None]), tf.int32)
