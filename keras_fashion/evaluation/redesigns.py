"""Study of whether a redesign remains recognizable as its item while preference for it rises."""

import numpy as np
import pandas as pd
import tensorflow as tf

from keras_fashion.data.pictures import scale
from keras_fashion.design.inversion import Originals
from keras_fashion.design.item_redesign import redesign
from keras_fashion.design.preference_maximizer import PreferenceMaximizer
from keras_fashion.evaluation.compared_methods import random_items
from keras_fashion.evaluation.generation import draw_pairs
from keras_fashion.evaluation.preference import StandardizedPreference
from keras_fashion.models.trained import TrainedRecommender

FRAMES = 6
"""Number of pictures of a redesign, both ends included."""


def redesign_study(
    recommender: TrainedRecommender,
    unseen: TrainedRecommender,
    maximizer: PreferenceMaximizer,
    num_redesigns: int = 24,
    seed: int = 0,
) -> pd.DataFrame:
    """Redesigns random items for random users and measures each frame.

    Args:
        recommender: DVBPR with its catalogue and split, which the maximizer uses.
        unseen: DVBPR that was trained with another seed, which measures the redesigns.
        maximizer: Maximizer over the recommender and a GAN.
        num_redesigns: Largest number of redesigns.
        seed: Seed of users and items.

    Returns:
        A table with a row for each frame, means over redesigns: `frame`, `preference` and
        `unseen_preference` (`StandardizedPreference`), `realism`, `distance` from the item,
        `nearest` (how often the item itself is the category's nearest to the frame), `rank` (the
        share of the category's other items that are nearer than it), and `other` (the distance of
        the nearest other item).
    """
    catalogue = recommender.catalogue
    users, categories = draw_pairs(recommender, num_redesigns, seed)
    items = random_items(catalogue.item_categories, categories, seed)[:, 0]
    pictures = catalogue.pictures(maximizer.gan.picture_size)
    frames, rows = [], []
    for user, category, item in zip(users, categories, items, strict=True):
        redesigned = redesign(
            maximizer, user, pictures[np.array([item])][0], category, frames=FRAMES
        )
        frames.append(redesigned.pictures)
        members = np.flatnonzero(catalogue.item_categories == category)
        distances = _distances(maximizer, redesigned.pictures, pictures[members], category)
        own = distances[:, members == item][:, 0]
        others = distances[:, members != item]
        rows += [
            {
                "frame": frame,
                "realism": redesigned.realism[frame],
                "distance": redesigned.distance[frame],
                "nearest": float(own[frame] < others[frame].min()),
                "rank": float((others[frame] < own[frame]).mean()),
                "other": others[frame].min(),
            }
            for frame in range(FRAMES)
        ]
    table = pd.DataFrame(rows)
    for name, each in {"preference": recommender, "unseen_preference": unseen}.items():
        preference = StandardizedPreference(each, users, categories)
        table[name] = preference.of_pictures(np.stack(frames)).reshape(-1)
    return table.groupby("frame").mean().reset_index()


def _distances(
    maximizer: PreferenceMaximizer, frames: np.ndarray, items: np.ndarray, category: int
) -> np.ndarray:
    """Returns the distances of n frames from items (`Originals`), of shape (n, number of items)."""
    originals, _ = Originals.from_pictures(maximizer, frames, [category] * len(frames))
    scaled = scale(items)
    embeddings = maximizer.embed(scaled)
    return np.stack(
        [
            originals.distance(scaled, embeddings, tf.fill([len(items)], frame)).numpy()
            for frame in range(len(frames))
        ]
    )
