"""Prepares the atelier: draws the garments, lets the shoppers buy, writes the catalogue."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from keras_fashion.catalogue.writer import CatalogueWriter
from keras_fashion.datasets.atelier.attributes import CATEGORIES, sample_garments
from keras_fashion.datasets.atelier.garments import draw_garment
from keras_fashion.datasets.atelier.oracle import Oracle
from keras_fashion.datasets.atelier.shoppers import choose, sample_popularity, sample_shoppers

_PREFIXES = dict(zip(CATEGORIES, ("BAG", "DRS", "SHO", "SKT", "TOP", "TRS"), strict=True))
_YEAR = np.datetime64("2025-01-01")
_DAYS = 365
_MINIMUM_PURCHASES = 8


def prepare_atelier(
    path: str | Path, seed: int = 0, users: int = 600, items: int = 2800, size: int = 64
) -> dict[str, Any]:
    """Writes a prepared catalogue of procedural garments and of what shoppers bought in a year.

    The catalogue is like any other; beside it stands `truth.npz`, which only `Oracle` reads.
    The same arguments give the same bytes.

    Args:
        path: folder to make; it must not exist or be empty.
        seed: of everything that is drawn at random.
        users: how many shoppers; each buys 24 items on average and 8 at least.
        items: how many garments.
        size: side of the pictures in pixels.

    Returns:
        The content of the `catalogue.json` that was written.

    Raises:
        InputError: if `path` is taken.
    """
    garment_rng, shopper_rng, popularity_rng, choice_rng = np.random.default_rng(seed).spawn(4)
    garments = sample_garments(garment_rng, items)
    popularity, on_sale = sample_popularity(popularity_rng, items)
    oracle = Oracle(garments, sample_shoppers(shopper_rng, users), popularity)
    with CatalogueWriter(Path(path), "atelier") as writer:
        item_ids = _item_ids(garments)
        for item, garment in zip(item_ids, tqdm(garments, "drawing", unit="item"), strict=True):
            picture = io.BytesIO()
            Image.fromarray(draw_garment(garment, size)).save(picture, "PNG")
            category = CATEGORIES[garment["category"]]
            writer.add_item(item, category, picture.getvalue(), "atelier")
        writer.add_interactions(_purchases(choice_rng, oracle, item_ids, on_sale))
        oracle.save(writer.folder, seed)
        return writer.close()


def _item_ids(garments: np.ndarray) -> np.ndarray:
    """Numbers the garments within their category: TOP-0001, TOP-0002, ..."""
    category = pd.Series(garments["category"])
    number = category.groupby(category).cumcount() + 1
    prefixes = [_PREFIXES[CATEGORIES[c]] for c in category]
    return np.array([f"{p}-{n:04d}" for p, n in zip(prefixes, number, strict=True)])


def _purchases(
    rng: np.random.Generator, oracle: Oracle, item_ids: np.ndarray, on_sale: np.ndarray
) -> pd.DataFrame:
    """Lets every shopper buy, each item on a day on which it was on sale."""
    count = len(oracle.shoppers)
    bought = _MINIMUM_PURCHASES + rng.poisson(rng.gamma(2, 8, count))
    user, item = choose(rng, oracle.scores(np.arange(count)), bought).T
    launch = _DAYS * (1 - on_sale[item])
    day = (launch + rng.uniform(size=len(item)) * (_DAYS - launch)).astype(int)
    digits = max(4, len(str(count)))  # equally long, so that sorted ids keep their order
    return pd.DataFrame(
        {
            "user": [f"shopper-{u + 1:0{digits}d}" for u in user],
            "item": item_ids[item],
            "time": (_YEAR + day).astype(str),
        }
    )
