"""Whether a redesign stays the item that it began as, while it pleases more."""

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


def redesign_study(
    recommender: TrainedRecommender,
    unseen: TrainedRecommender,
    maximizer: PreferenceMaximizer,
    strips: int = 24,
    seed: int = 0,
) -> pd.DataFrame:
    """Redesigns items drawn at random for users drawn at random, and looks at each frame.

    Args:
        recommender: The DVBPR, with its catalogue and split, that the redesign follows.
        unseen: One of another seed, that judges it.
        maximizer: Over the first and a GAN.
        strips: How many, at most.
        seed: Decides users and items.

    Returns:
        A row a frame, means over strips: `frame`, `preference` and `unseen_preference`
        (`StandardizedPreference`), `realism`, `distance` from the item, and of the items of its
        category, `nearest`: how often the item itself is the nearest to the frame, `rank`: the
        share of them that are nearer than it, and `other`: the distance of the nearest other one.
    """
    catalogue = recommender.catalogue
    users, categories = draw_pairs(recommender, strips, seed)
    items = random_items(catalogue.item_categories, categories, seed)[:, 0]
    pictures = catalogue.pictures(maximizer.gan.picture_size)
    frames, rows = [], []
    for user, category, item in zip(users, categories, items, strict=True):
        strip = redesign(maximizer, user, pictures[[item]][0], category, frames=FRAMES)
        frames.append(strip.pictures)
        rivals = np.flatnonzero(catalogue.item_categories == category)
        far = _distances(maximizer, strip.pictures, pictures[rivals], category)
        own = far[:, rivals == item][:, 0]
        others = far[:, rivals != item]
        rows += [
            {
                "frame": frame,
                "realism": strip.realism[frame],
                "distance": strip.distance[frame],
                "nearest": float(own[frame] < others[frame].min()),
                "rank": float((others[frame] < own[frame]).mean()),
                "other": others[frame].min(),
            }
            for frame in range(FRAMES)
        ]
    table = pd.DataFrame(rows)
    for name, run in {"preference": recommender, "unseen_preference": unseen}.items():
        judged = StandardizedPreference(run, users, categories).of_pictures(np.stack(frames))
        table[name] = judged.reshape(-1)
    return table.groupby("frame").mean().reset_index()


def _distances(
    maximizer: PreferenceMaximizer, frames: np.ndarray, items: np.ndarray, category: int
) -> np.ndarray:
    """(n, I_c) distances between frames and items, by the units of the category."""
    rows = []
    originals, _ = Originals.of(maximizer, frames, np.full(len(frames), category))
    scaled = scale(items)
    embeddings = maximizer.embed(scaled)
    for frame in range(len(frames)):
        rows.append(originals.distance(scaled, embeddings, tf.fill([len(items)], frame)).numpy())
    return np.stack(rows)
