"""The signatures of the exported designer: names, numbers and pictures in, pictures out."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_fashion.data import scale, unscale
from keras_fashion.design import Originals, PreferenceMaximizer
from keras_fashion.design.item_redesign import redesign_tensors
from keras_fashion.design.objective import DesignBatch, PriorSample
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
from keras_fashion.serving.signatures.served_module import ServedModule

# The limits keep a request within a few seconds.
MAX_GENERATED = 64
"""Largest number of pictures in a request to `generate`."""

MAX_MEMBERS = 100
"""Largest number of users in a group."""

MAX_STEPS = 100
"""Largest number of steps of an ascent."""

MAX_FRAMES = 24
"""Largest number of pictures of a redesign."""

MAX_WEIGHT = 1000.0
"""Largest value of `eta` and `proximity`."""


DESIGN_INPUTS = (
    tf.TensorSpec([None], tf.string, "user_id"),
    tf.TensorSpec([], tf.string, "category"),
    tf.TensorSpec([], tf.int32, "count"),
    tf.TensorSpec([], tf.float32, "eta"),
    tf.TensorSpec([], tf.int32, "steps"),
    tf.TensorSpec([], tf.int32, "seed"),
)
"""Inputs of a request for designs."""


class ServedDesigner(ServedModule):
    """Generates garments, designs them for a user or a group, and redesigns existing ones.

    The ascents of `PreferenceMaximizer` and `redesign` are part of the exported graph. A request
    is one task for one user or group, so its inputs are scalars except for the group's members.

    Args:
        trained: A trained DVBPR with its data.
        maximizer: Maximizer of this DVBPR and of a generator of the same catalogue.
        folder: Folder for the files of ids, which `tf.saved_model.save` copies as assets.
    """

    def __init__(
        self, trained: TrainedRecommender, maximizer: PreferenceMaximizer, folder: Path
    ) -> None:
        super().__init__()
        catalogue = trained.catalogue
        trained_users = np.unique(trained.split.train[:, 0])
        users = write_ids(folder / "users.txt", catalogue.user_ids[trained_users])
        categories = write_ids(folder / "categories.txt", catalogue.categories)
        self.user_index = index_table(users, unknown=-1)
        self.category_index = index_table(categories, unknown=-1)
        theta = trained.vectors.users[trained_users]
        self.theta = tf.Variable(theta, trainable=False, name="theta")
        self.maximizer = maximizer
        sample = maximizer.prior_sample(range(len(catalogue.categories)))
        self.sample = PriorSample(*(tf.Variable(each, trainable=False) for each in sample))

        # The weights that the graphs read are tracked instead of the Keras models, which would
        # bring their optimizers and what only training uses.
        self.weights = [
            variable
            for network in (self.maximizer.generate, self.maximizer.embed, self.maximizer.realism)
            for variable in network.get_concrete_function().variables
        ]

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
        """Generates garments of a category from random latents.

        Args:
            category: () string, name of a category.
            count: () int32, number of pictures from 1 to MAX_GENERATED.
            seed: () int32, seed of the latents.

        Returns:
            `image_bytes` (count,) string, PNG files; `realism` (count,) float32, D(G(z, c), c).

        Raises:
            tf.errors.InvalidArgumentError: If the category is unknown or count out of range.
        """
        (count,) = after([require_range("count", count, 1, MAX_GENERATED)], count)
        categories = tf.repeat(self._category(category), count)
        terms = self.maximizer.terms(self.maximizer.prior(count, seed), categories)
        return {"image_bytes": tf.io.encode_png(unscale(terms.pictures)), "realism": terms.realism}

    @tf.function(input_signature=DESIGN_INPUTS, autograph=False)
    def design(
        self,
        user_id: tf.Tensor,
        category: tf.Tensor,
        count: tf.Tensor,
        eta: tf.Tensor,
        steps: tf.Tensor,
        seed: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """Designs garments for one user, or for a group by the mean of preferences (`Mean`).

        Args:
            user_id: (n,) string, from 1 to MAX_MEMBERS users.
            category: () string, name of a category.
            count: () int32, number of designs, at most the number of restarts.
            eta: () float32, weight of the realism term from 0 to MAX_WEIGHT.
            steps: () int32, number of steps of the ascent from 0 to MAX_STEPS; `Procedure.steps`
                measured best.
            seed: () int32, seed of the choice of the starts.

        Returns:
            The best first: `image_bytes` (count,) string, PNG files; `preference` (count,)
            float32, theta . Phi(G(z, c)); `realism` (count,) float32, D(G(z, c), c).

        Raises:
            tf.errors.InvalidArgumentError: If the category or a user is unknown, or a number is
                out of range.
        """
        return self.designs(user_id, category, count, eta, steps, seed)

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
        """Changes a garment step by step toward what a user or a group prefers.

        Args:
            image_bytes: () string, a JPEG or PNG file.
            user_id: (n,) string, from 1 to MAX_MEMBERS users.
            category: () string, category of the garment.
            frames: () int32, number of pictures from 2 to MAX_FRAMES, both ends included.
            eta: () float32, weight of the realism term from 0 to MAX_WEIGHT.
            proximity: () float32, weight of the distance from the garment from 0 to MAX_WEIGHT.

        Returns:
            `image_bytes` (frames,) string, PNG files, of which the first is the generator's
            nearest picture to the garment; `preference`, `realism` and `distance`, (frames,)
            float32, see `Redesign`.

        Raises:
            tf.errors.InvalidArgumentError: If the picture is broken, the category or a user is
                unknown, or a number is out of range.
        """
        checks = [
            require_range("frames", frames, 2, MAX_FRAMES),
            require_range("proximity", proximity, 0.0, MAX_WEIGHT),
        ]
        frames, proximity = after(checks, frames, proximity)
        sample, batch = self._sample_and_batch(user_id, category, eta)
        picture = decode_pictures(image_bytes[None], self.maximizer.gan.picture_size)
        originals, distances = Originals.from_sample(self.maximizer, sample, scale(picture))
        found = redesign_tensors(
            self.maximizer, sample, batch, originals, distances, frames, proximity
        )
        return {
            "image_bytes": tf.io.encode_png(found.pictures),
            "preference": found.preference,
            "realism": found.realism,
            "distance": found.distance,
        }

    def signatures(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """Returns the functions to export by name."""
        return {"design": self.design, "generate": self.generate, "redesign": self.redesign}

    def example_requests(self, trained: TrainedRecommender) -> dict[str, dict[str, Any]]:
        """Returns a request to each signature."""
        catalogue = trained.catalogue
        category = {"category": catalogue.categories[catalogue.item_categories[0]]}
        user = {"user_id": [catalogue.user_ids[trained.split.train[0, 0]]], "eta": 1.0}
        picture = {"image_bytes": catalogue.picture_files[0]}
        return {
            "design": category | user | {"count": 1, "steps": 1, "seed": 0},
            "generate": category | {"count": 1, "seed": 0},
            "redesign": category | user | picture | {"frames": 2, "proximity": 1.0},
        }

    def designs(
        self,
        user_id: tf.Tensor,
        category: tf.Tensor,
        count: tf.Tensor,
        eta: tf.Tensor,
        steps: tf.Tensor,
        seed: tf.Tensor,
        change: tf.Tensor | None = None,
    ) -> dict[str, tf.Tensor]:
        """Returns the outputs of `design`.

        Args:
            user_id: (n,) string, see `design`.
            category: () string, see `design`.
            count: () int32, see `design`.
            eta: () float32, see `design`.
            steps: () int32, see `design`.
            seed: () int32, see `design`.
            change: (1, K) float32, what is added to theta of all users, if anything.
        """
        checks = [
            require_range("count", count, 1, self.maximizer.procedure.restarts),
            require_range("steps", steps, 0, MAX_STEPS),
        ]
        count, steps = after(checks, count, steps)
        sample, batch = self._sample_and_batch(user_id, category, eta, change)
        found = self.maximizer.search(sample, batch, seed, count, steps=steps)
        return {
            "image_bytes": tf.io.encode_png(unscale(found.pictures[0])),
            "preference": found.preference[0],
            "realism": found.realism[0],
        }

    def _sample_and_batch(
        self,
        user_id: tf.Tensor,
        category: tf.Tensor,
        eta: tf.Tensor,
        change: tf.Tensor | None = None,
    ) -> tuple[PriorSample, DesignBatch]:
        """Returns the sample of the prior in the category, and the batch of the one group."""
        checks = [
            require_rows(MAX_MEMBERS, user_id=user_id),
            require_range("eta", eta, 0.0, MAX_WEIGHT),
        ]
        user_id, eta = after(checks, user_id, eta)
        users = known_index(self.user_index, "user_id", user_id)
        theta = tf.gather(self.theta, users)
        user_embeddings = (theta if change is None else theta + change)[None]
        index = self._category(category)
        sample = PriorSample(
            latents=self.sample.latents.value(),
            embeddings=tf.gather(self.sample.embeddings, index),
            realism=tf.gather(self.sample.realism, index),
            thumbnails=tf.gather(self.sample.thumbnails, index),
            mean_picture=tf.gather(self.sample.mean_picture, index),
            mean_square=tf.gather(self.sample.mean_square, index),
        )
        equal = tf.ones_like(user_embeddings[..., 0])
        batch = DesignBatch.from_prior(sample, user_embeddings, equal, index, eta[None])
        return sample, batch

    def _category(self, name: tf.Tensor) -> tf.Tensor:
        """Returns the dense index of a category, (1,) int32."""
        return tf.cast(known_index(self.category_index, "category", name[None]), tf.int32)
