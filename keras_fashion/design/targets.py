"""Targets of designs: a user, a group that decides together, or a cluster of users."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from keras_fashion.data import Catalogue
from keras_fashion.design.aggregation import MEAN, Aggregation
from keras_fashion.design.preference_maximizer import Designs, PreferenceMaximizer
from keras_fashion.design.user_clusters import UserCluster


@dataclass(frozen=True)
class DesignTarget:
    """A user, a group, or a cluster that is represented by its mean embedding.

    Attributes:
        name: Name for display.
        users: Dense indices of all members, (m,) int.
        user_embeddings: (M, K) float32, theta of each member; for a cluster, its single embedding.
        weights: (M,) float, weights of the embeddings, at least 0 and not all 0.

    Example:
        >>> from types import SimpleNamespace
        >>> catalogue = SimpleNamespace(user_ids=np.array(["ann", "bob"]))
        >>> embeddings = np.zeros((2, 5), np.float32)
        >>> DesignTarget.of_users(catalogue, embeddings, users=[1]).name
        'bob'
        >>> group = DesignTarget.of_users(catalogue, embeddings, users=[0, 1], weights=[1, 2])
        >>> group.name, group.user_embeddings.shape
        ('2 users', (2, 5))
    """

    name: str
    users: np.ndarray
    user_embeddings: np.ndarray
    weights: np.ndarray

    @classmethod
    def of_users(
        cls,
        catalogue: Catalogue,
        user_embeddings: np.ndarray,
        users: Sequence[int],
        weights: Sequence[float] | None = None,
    ) -> "DesignTarget":
        """Makes the target of one user or of a group.

        Args:
            catalogue: Catalogue with the ids of the users.
            user_embeddings: (U, K) float32, theta of all users of the catalogue.
            users: Dense indices of the members.
            weights: Weights of the members; equal by default.
        """
        ids = catalogue.user_ids[users]
        name = str(ids[0]) if len(users) == 1 else f"{len(users)} users"
        shares = np.ones(len(users)) if weights is None else np.asarray(weights)
        return cls(name, np.asarray(users), user_embeddings[users], shares)

    @classmethod
    def of_cluster(cls, cluster: UserCluster) -> "DesignTarget":
        """Makes the target of a cluster, which has one embedding however many members it has."""
        name = f"{cluster.name} ({len(cluster.users)} users, {cluster.share:.0%})"
        return cls(name, cluster.users, cluster.user_embedding[None].astype(np.float32), np.ones(1))


def design_for_targets(
    maximizer: PreferenceMaximizer,
    targets: Sequence[DesignTarget],
    category: int,
    count: int,
    etas: Sequence[float],
    seed: int = 0,
    aggregation: Aggregation = MEAN,
    fixed_directions: np.ndarray | None = None,
) -> Designs:
    """Designs for several targets, each with several weights of realism, in one batch.

    Args:
        maximizer: Maximizer that makes the designs.
        targets: Targets with equal numbers M of embeddings: one user or group, or several
            clusters.
        category: Dense index.
        count: n, number of designs for each target and eta.
        etas: Weights of the realism term.
        seed: Seed of the choice of the starts, the same for all targets.
        aggregation: How a group's preferences become one.
        fixed_directions: See `PreferenceMaximizer.design_for`.

    Returns:
        Designs with N = targets times etas, all etas of the first target first.

    Example:
        With the toy networks G(z) = z, Phi = z and D = 1 - z:

        >>> from types import SimpleNamespace
        >>> from keras_fashion.models import PictureGenerator
        >>> class Pixel(PictureGenerator):  # z is the brightness of a single pixel
        ...     num_categories, picture_size, latent_dim = 1, (1, 1), 1
        ...     def call(self, inputs, training=False):
        ...         return tf.repeat(inputs[0], 3, axis=1)[:, None, None]
        ...     def realism(self, pictures, category):
        ...         return 1 - pictures[:, 0, 0, 0]
        >>> def encoder(pictures):
        ...     return pictures[:, 0, 0, :1]
        >>> encoder.picture_size = (1, 1)
        >>> maximizer = PreferenceMaximizer(SimpleNamespace(encoder=encoder), Pixel())
        >>> ones = np.ones((1, 1), np.float32)
        >>> ann = DesignTarget("ann", np.array([0]), ones, np.ones(1))
        >>> bob = DesignTarget("bob", np.array([1]), -ones, np.ones(1))
        >>> targets = [ann, bob]
        >>> designs = design_for_targets(maximizer, targets, category=0, count=1, etas=[0.0, 1.0])
        >>> designs.preference.shape, designs.pictures.shape
        ((4, 1), (4, 1, 1, 1, 3))
    """
    rows = np.repeat(np.arange(len(targets)), len(etas))
    return maximizer.design_for(
        np.stack([target.user_embeddings for target in targets])[rows],
        np.full(len(rows), category),
        count,
        np.tile(etas, len(targets)),
        seed,
        np.stack([target.weights for target in targets])[rows],
        aggregation,
        fixed_directions,
    )


def preference_for_items(
    maximizer: PreferenceMaximizer,
    target: DesignTarget,
    category: int,
    embeddings: np.ndarray,
    aggregation: Aggregation = MEAN,
) -> np.ndarray:
    """Returns the preference of a target for items, on the same scale as for its designs.

    Args:
        maximizer: Maximizer that gives the scale of each member.
        target: Target.
        category: Dense index of the category of the designs.
        embeddings: (I, K) float32, Phi of the items.
        aggregation: How a group's preferences become one.

    Returns:
        (I,) float32.

    Example:
        With the toy networks G(z) = z, Phi = z and D = 1 - z:

        >>> from types import SimpleNamespace
        >>> from keras_fashion.models import PictureGenerator
        >>> class Pixel(PictureGenerator):  # z is the brightness of a single pixel
        ...     num_categories, picture_size, latent_dim = 1, (1, 1), 1
        ...     def call(self, inputs, training=False):
        ...         return tf.repeat(inputs[0], 3, axis=1)[:, None, None]
        ...     def realism(self, pictures, category):
        ...         return 1 - pictures[:, 0, 0, 0]
        >>> def encoder(pictures):
        ...     return pictures[:, 0, 0, :1]
        >>> encoder.picture_size = (1, 1)
        >>> maximizer = PreferenceMaximizer(SimpleNamespace(encoder=encoder), Pixel())
        >>> ann = DesignTarget("ann", np.array([0]), np.full((1, 1), 2, np.float32), np.ones(1))
        >>> phi = np.array([[0.5], [-0.25]], np.float32)
        >>> preference_for_items(maximizer, ann, category=0, embeddings=phi).round(2).tolist()
        [1.0, -0.5]
    """
    batch = maximizer.batch(target.user_embeddings[None], [category], [0.0], target.weights[None])
    repeated = batch.gather(tf.zeros(len(embeddings), tf.int32))
    return repeated.preference(tf.constant(embeddings), aggregation).numpy()
