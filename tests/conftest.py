"""What all tiers share: a place for what is made once, and a tiny shop.

`tests/support` holds the servers, writers and worlds that tests of several folders import.
"""

import fcntl
import io
import os
import sys
from pathlib import Path

# A worker of pytest-xdist runs on each core; more threads would only wait for each other.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

ROOT = Path(__file__).parents[1]
# pytest's importlib mode leaves both out.
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "fuzz")]

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pytest  # noqa: E402
from PIL import Image  # noqa: E402

from keras_fashion.data import Catalogue, prepare  # noqa: E402
from keras_fashion.data.sources.in_memory import InMemory  # noqa: E402

pytest_plugins = ["exported_world"]

ITEMS = 24
CATEGORIES = ("Bags", "Shoes", "Tops")


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def made_once(tmp_path_factory, worker_id):
    """Makes a folder in the first worker that asks for it; all others find it made.

    Call it with a name and a function that fills the folder.
    """
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent

    def made_once(name, make) -> Path:
        folder = shared / name
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = shared / f"{name}.done"
            if not done.exists():
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return made_once


@pytest.fixture(scope="session")
def tiny_catalogue(made_once) -> Catalogue:
    """24 items (8 a category, noise of 32x32) and 8 users: 6 with 7 items, one with 5, one with 4.

    Item ids begin with a zero and are not in sorted order; users are user0 to user7.
    """
    return Catalogue.load(made_once("tiny_shop", _make_tiny_shop) / "tiny")


def _make_tiny_shop(folder: Path) -> None:
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
    prepare(InMemory(items, pd.DataFrame(pairs, columns=["user", "item"])), folder / "tiny")
