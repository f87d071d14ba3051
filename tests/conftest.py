"""A tiny shop, for tests of what comes after the sources."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_fashion.catalogue import Catalogue, prepare
from keras_fashion.datasets.in_memory import InMemory

ITEMS = 24
CATEGORIES = ("Bags", "Shoes", "Tops")


@pytest.fixture(scope="session")
def tiny_catalogue(tmp_path_factory) -> Catalogue:
    """24 items (8 a category, noise of 32x32) and 8 users: 6 with 7 items, one with 5, one with 4.

    Item ids begin with a zero and are not in sorted order; users are user0 to user7.
    """
    rng = np.random.default_rng(0)
    ids = [f"0{number}" for number in rng.permutation(np.arange(100, 100 + ITEMS))]
    pictures = []
    for _ in ids:
        png = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8)).save(png, "PNG")
        pictures.append(png.getvalue())
    categories = [CATEGORIES[number % 3] for number in range(ITEMS)]
    items = pd.DataFrame({"item": ids, "category": categories, "picture": pictures})
    pairs = [
        (f"user{user}", item)
        for user, count in enumerate([7] * 6 + [5, 4])
        for item in rng.permutation(ids)[:count]
    ]
    pairs = [pairs[at] for at in rng.permutation(len(pairs))]
    path: Path = tmp_path_factory.mktemp("shop") / "tiny"
    prepare(InMemory(items, pd.DataFrame(pairs, columns=["user", "item"])), path)
    return Catalogue.load(path)
