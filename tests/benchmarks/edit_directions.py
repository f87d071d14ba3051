"""Do a generator's edit directions change the attribute they are for, and leave the rest?

For a GAN of the atelier. The directions are found from `picture_attributes`; codes from the prior
that no probe was fitted to are edited in nine strengths from -2 to 2, and the pictures measured
by the atelier's own `measure`, which knows the garments and nothing of the probes: its `length` is
the sleeve of a top, where the picture's attribute is its spread. By category and attribute: R² of
the probe on codes left out, Spearman's correlation of strength and measured attribute (mean over
codes), and how far the other attributes drift on the way from -2 to 2 (in standard deviations over
the prior, mean over attributes and codes) when they are free and when all of them are held.

    .venv/bin/python tests/benchmarks/edit_directions.py runs/gan [--codes 16]
"""

import argparse
import warnings

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from keras_fashion.datasets.atelier.measure import measure
from keras_fashion.design.edit_directions import CODES, EditDirections, edit, find_directions
from keras_fashion.design.picture_attributes import picture_attributes
from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.run import Run

STRENGTHS = np.linspace(-2, 2, 9)
COLOUR = ("lightness", "redness", "yellowness")


def measured(pictures: np.ndarray, category: str) -> pd.DataFrame:
    """The atelier's measurements, the colour in CIELAB."""
    found = [measure(picture, category) for picture in pictures]
    table = pd.DataFrame([each.lab for each in found], columns=COLOUR)
    return table.assign(length=[each.length for each in found])


def rank_correlation(values: np.ndarray) -> float:
    """Of strength and (codes, strengths) values, mean over codes; 0 where nothing changes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        each = [spearmanr(STRENGTHS, row).statistic for row in values]
    return float(np.nan_to_num(each).mean())


def edited(
    gan: ConditionalGAN, category: int, codes: np.ndarray, direction: np.ndarray
) -> np.ndarray:
    """(codes * strengths, H, W, 3) uint8, the strengths of a code together."""
    moved = np.stack([edit(codes, direction, each) for each in STRENGTHS], axis=1)
    moved = moved.reshape(-1, gan.code_size)
    return gan.draw(moved, np.full(len(moved), category))


def drift(pictures: np.ndarray, directions: EditDirections, others: list[str]) -> float:
    """How far the others are at strength 2 from where they were at -2, root mean square."""
    values = picture_attributes(pictures)[others].to_numpy()
    rows = [directions.names.index(name) for name in others]
    values = values.reshape(-1, len(STRENGTHS), len(others)) / directions.deviations[rows]
    return float(np.sqrt(np.square(values[:, -1] - values[:, 0]).mean()))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--codes", type=int, default=16)
    arguments = parser.parse_args()
    run = Run(arguments.run)
    gan = run.model
    random = np.random.default_rng(2**16)
    codes = random.uniform(-1, 1, (arguments.codes, gan.code_size)).astype(np.float32)
    rows = []
    for category, name in enumerate(run.catalogue.categories):
        directions = find_directions(gan, category)
        sleeve_or_hem = "spread" if name == "Tops" else "length"
        for attribute in (*COLOUR, sleeve_or_hem, "pattern"):
            others = [each for each in (*COLOUR, sleeve_or_hem, "pattern") if each != attribute]
            free = edited(gan, category, codes, directions.direction(attribute))
            held = edited(gan, category, codes, directions.direction(attribute, others))
            if attribute == "pattern":  # which the atelier does not measure
                values = [picture_attributes(each)["pattern"] for each in (free, held)]
            else:
                column = "length" if attribute == sleeve_or_hem else attribute
                values = [measured(each, name)[column] for each in (free, held)]
            shape = len(codes), len(STRENGTHS)
            rows.append(
                {
                    "category": name,
                    "attribute": attribute,
                    "R²": directions.explained[directions.names.index(attribute)],
                    "monotone": rank_correlation(values[0].to_numpy().reshape(shape)),
                    "drift": drift(free, directions, others),
                    "monotone, held": rank_correlation(values[1].to_numpy().reshape(shape)),
                    "drift, held": drift(held, directions, others),
                }
            )
            print(pd.Series(rows[-1]).to_dict(), flush=True)
    table = pd.DataFrame(rows)
    print(f"{CODES} codes a category for the probes, {len(codes)} for the edits")
    print(table.round(2).to_string(index=False))
    print(table.drop(columns="category").groupby("attribute", sort=False).mean().round(2))
    print(table.drop(columns=["category", "attribute"]).mean().round(3).to_string())


if __name__ == "__main__":
    main()
