"""Do a generator's edit directions change the attribute they are for, and leave the rest?

For a GAN of the atelier. The directions are found from `measure_attributes`; latents from the prior
that no probe was fitted to are edited in nine strengths from -2 to 2, and the pictures measured
by the atelier's own `measure`, which knows the garments and nothing of the probes: its `length` is
the sleeve of a top, where the picture's attribute is its spread. The atelier measures no pattern:
there it is the picture's. Each direction is tried free, and with the four other attributes and the
width of the hem held: a generator may draw longer sleeves only on wider bodies.

By category and attribute: R² of the probe on latents left out; Spearman's correlation of strength
and measured attribute, mean over latents, from -2 to 2 and from -1 to 1. Then how far each other
attribute is at strength 1 from where it was at -1, in standard deviations over the prior (root mean
square over latents and categories).

    .venv/bin/python tests/benchmarks/edit_directions.py runs/gan [--latents 12]
"""

import argparse
import warnings

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from keras_fashion.app.run import Run
from keras_fashion.data.sources.atelier.measurement import measure
from keras_fashion.design.edit_directions import (
    NUM_LATENTS,
    EditDirections,
    edit_latents,
    find_directions,
)
from keras_fashion.design.named_latents import random_latents
from keras_fashion.design.picture_attributes import measure_attributes
from keras_fashion.models.conditional_gan import ConditionalGAN

STRENGTHS = np.linspace(-2, 2, 9)
WITHIN_ONE = slice(2, 7)
COLOR = ("lightness", "redness", "yellowness")
ATTRIBUTES = (*COLOR, "length", "pattern")
SEED = 2**16


def edited(
    gan: ConditionalGAN, category: int, latents: np.ndarray, direction: np.ndarray
) -> np.ndarray:
    """Returns (latents * strengths, H, W, 3) uint8, all strengths of the first latent first."""
    moved = np.stack([edit_latents(latents, direction, each) for each in STRENGTHS], axis=1)
    moved = moved.reshape(-1, gan.latent_dim)
    return gan.draw(moved, np.full(len(moved), category))


def measured(pictures: np.ndarray, category: str, attribute: str) -> np.ndarray:
    """Returns (latents, strengths) values, by the atelier's measure if it has the attribute."""
    if attribute == "pattern":
        values = measure_attributes(pictures)["pattern"].to_numpy()
    else:
        found = [measure(picture, category) for picture in pictures]
        if attribute == "length":
            values = np.array([each.length for each in found])
        else:
            values = np.array([each.lab[COLOR.index(attribute)] for each in found])
    return values.reshape(-1, len(STRENGTHS))


def rank_correlation(values: np.ndarray, strengths: slice = slice(None)) -> float:
    """Returns the mean rank correlation of strengths and values; 0 where no value changes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        each = [spearmanr(STRENGTHS[strengths], row[strengths]).statistic for row in values]
    return float(np.nan_to_num(each).mean())


def drifts(pictures: np.ndarray, directions: EditDirections, names: list[str]) -> np.ndarray:
    """Returns mean squared differences between the strengths -1 and 1, in variances, (names,)."""
    values = measure_attributes(pictures)[names].to_numpy()
    values = values.reshape(-1, len(STRENGTHS), len(names))
    deviations = directions.deviations[[directions.names.index(name) for name in names]]
    return np.square((values[:, 6] - values[:, 2]) / deviations).mean(axis=0)


def main() -> None:
    """Measures the edits and prints tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--latents", type=int, default=12)
    arguments = parser.parse_args()
    run = Run(arguments.run)
    gan = run.model
    latents = random_latents(arguments.latents, gan.latent_dim, SEED)
    rows, squared = [], {"free": [], "held": []}
    for category, name in enumerate(run.catalogue.categories):
        directions = find_directions(gan, category)
        columns = ["spread" if each == "length" and name == "Tops" else each for each in ATTRIBUTES]
        for attribute, column in zip(ATTRIBUTES, columns, strict=True):
            others = [each for each in (*columns, "hem") if each != column]
            explained = directions.explained[directions.names.index(column)]
            row = {"category": name, "attribute": attribute, "R²": explained}
            for state, hold in (("free", []), ("held", others)):
                pictures = edited(gan, category, latents, directions.direction(column, hold))
                values = measured(pictures, name, attribute)
                row[f"{state}, to 2"] = rank_correlation(values)
                row[f"{state}, to 1"] = rank_correlation(values, WITHIN_ONE)
                squared[state].append(drifts(pictures, directions, columns))
            rows.append(row)
            print(
                " ".join(
                    f"{each:.3f}" if isinstance(each, float) else each for each in row.values()
                ),
                flush=True,
            )
    table = pd.DataFrame(rows)
    print(f"{NUM_LATENTS} latents a category for the probes, {len(latents)} for the edits")
    for keys in ("category", "attribute"):
        means = table.groupby(keys, sort=False).mean(numeric_only=True)
        print(means.round(3).to_string())
    print(table.mean(numeric_only=True).round(3).to_string())
    for state, each in squared.items():
        drift = np.sqrt(np.reshape(each, (-1, len(ATTRIBUTES), len(ATTRIBUTES))).mean(axis=0))
        print(f"{state}: rows are edited attributes, columns the change of each from -1 to 1")
        print(pd.DataFrame(drift, ATTRIBUTES, ATTRIBUTES).round(2).to_string())


if __name__ == "__main__":
    main()
