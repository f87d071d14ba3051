"""Compares maps that explain preferences by occluding what they rank first.

This is the deletion test (Petsiuk, Das & Saenko, "RISE", BMVC 2018) of the occlusion map and of
integrated gradients, for random pairs of a user and an item. Cells of an eighth of the picture's
side, or single pixels, are replaced by the picture's background: first those that a map ranks
highest in favor of the item (the preference should fall) or against it (it should rise). Changes
are in standard deviations of the user's preference within the item's category, and means over 2,
5, 10 and 20 % of the picture. With a second run of the same catalogue and split but of another
seed, the correlation of the two runs' maps shows whether a map depends on the single network.

python tests/benchmarks/deletion.py runs/dvbpr runs/dvbpr_seed1
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import tensorflow as tf
from skimage.filters import gaussian

from keras_fashion.app.run import Run
from keras_fashion.data import scale
from keras_fashion.design.explanations import PATCHES, background_of, occlusion_map
from keras_fashion.models.encoders import ImageEncoder

SHARES = (0.02, 0.05, 0.1, 0.2)
STEPS = 32

Map = Callable[[ImageEncoder, np.ndarray, np.ndarray], np.ndarray]


def integrated_gradients(
    encoder: ImageEncoder, user_embedding: np.ndarray, picture: np.ndarray
) -> np.ndarray:
    """Returns integrated gradients (Sundararajan et al., ICML 2017) from the background, (H, W)."""
    start = scale(background_of(picture))
    difference = scale(picture) - start
    shares = (tf.range(STEPS, dtype=tf.float32) + 0.5) / STEPS
    pictures = start + shares[:, None, None, None] * difference
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        preference = tf.linalg.matvec(encoder(pictures, training=False), user_embedding)
    gradient = tf.reduce_mean(tape.gradient(preference, pictures), axis=0)
    return tf.reduce_sum(gradient * difference, axis=-1).numpy()


def smoothed_gradients(
    encoder: ImageEncoder, user_embedding: np.ndarray, picture: np.ndarray
) -> np.ndarray:
    """Returns integrated gradients smoothed by a Gaussian, (H, W)."""
    return gaussian(integrated_gradients(encoder, user_embedding, picture), max(picture.shape) / 20)


def random_garment(
    encoder: ImageEncoder, user_embedding: np.ndarray, picture: np.ndarray
) -> np.ndarray:
    """Returns random ranks of the garment, and 0 for the background, (H, W)."""
    garment = np.abs(picture.astype(int) - background_of(picture)).sum(axis=-1) > 12
    return garment * np.random.default_rng(int(picture.sum())).random(garment.shape)


MAPS: dict[str, Map] = {
    "occlusion": occlusion_map,
    "integrated gradients": integrated_gradients,
    "integrated gradients, smoothed": smoothed_gradients,
    "chance": random_garment,
}


def in_cells(values: np.ndarray, cells: int) -> np.ndarray:
    """Replaces each pixel by the mean of its cell, of `cells` by `cells` in the picture."""
    row, column = (np.arange(length) * cells // length for length in values.shape)
    cell = row[:, None] * cells + column
    return (np.bincount(cell.ravel(), values.ravel()) / np.bincount(cell.ravel()))[cell]


def moved(
    encoder: ImageEncoder, user_embedding: np.ndarray, picture: np.ndarray, ranks: np.ndarray
) -> float:
    """Returns the fall of the preference when the highest ranks are covered, mean over `SHARES`."""
    order = np.argsort(-ranks, axis=None, kind="stable")
    pictures = np.repeat(picture[None], len(SHARES) + 1, axis=0)
    for covered, share in zip(pictures[1:], SHARES, strict=True):
        first = np.unravel_index(order[: round(share * order.size)], ranks.shape)
        covered[first] = background_of(picture)[first]
    preference = encoder(scale(pictures), training=False).numpy() @ user_embedding
    return float(preference[0] - preference[1:].mean())


@click.command()
@click.argument("folders", metavar="RUN [SECOND]", nargs=-1, required=True, type=Path)
@click.option(
    "--pairs", default=100, show_default=True, help="Number of pairs of a user and an item."
)
def main(folders: tuple[Path, ...], pairs: int) -> None:
    """Measures the maps of RUN, and their correlation with those of SECOND."""
    runs = [Run(folder) for folder in folders]
    catalogue, encoders = runs[0].catalogue, [run.model.encoder for run in runs]
    random = np.random.default_rng(0)
    users = random.choice(np.unique(runs[0].split.train[:, 0]), pairs)
    items = random.choice(len(catalogue.item_ids), pairs)

    found = defaultdict(list)
    for user, item in zip(users, items, strict=True):
        picture = catalogue.pictures_of([item], encoders[0].picture_size)[0]
        user_embeddings = [run.vectors.users[user] for run in runs]
        same = catalogue.item_categories == catalogue.item_categories[item]
        deviation = (runs[0].vectors.items[same] @ user_embeddings[0]).std()
        for name, make in MAPS.items():
            maps = [
                make(e, user_embedding, picture)
                for e, user_embedding in zip(encoders, user_embeddings, strict=True)
            ]
            for unit, values in (("cells", in_cells(maps[0], PATCHES)), ("pixels", maps[0])):
                falls = moved(encoders[0], user_embeddings[0], picture, values) / deviation
                against = values if make is random_garment else -values
                rises = -moved(encoders[0], user_embeddings[0], picture, against) / deviation
                found[name, f"{unit} for"].append(falls)
                found[name, f"{unit} against"].append(rises)
            if len(runs) > 1 and make is not random_garment:
                agreement = np.corrcoef(maps[0].ravel(), maps[1].ravel())[0, 1]
                found[name, "other seed"].append(agreement)
    columns = list(dict.fromkeys(column for _, column in found))
    print(f"{'':32}" + "".join(f"{column:>16}" for column in columns))
    for name in MAPS:
        cells = [
            f"{np.mean(values):.2f} ± {np.std(values) / len(values) ** 0.5:.2f}" if values else ""
            for values in (found[name, column] for column in columns)
        ]
        print(f"{name:32}" + "".join(f"{cell:>16}" for cell in cells))


if __name__ == "__main__":
    main()
