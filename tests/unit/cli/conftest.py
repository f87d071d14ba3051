"""A shop's own files, and one chain of runs on them, made by the commands themselves."""

import io
import json
import tarfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from keras_fashion.cli import main

CATEGORIES = ["Bags", "Shoes", "Tops"]


@pytest.fixture(scope="session")
def call():
    """Runs a command in this process and returns its exit code, stdout and stderr."""

    def call(*arguments):
        return CliRunner().invoke(main, [str(each) for each in arguments])

    return call


@pytest.fixture(scope="session")
def succeed(call):
    """The stdout of a command that must succeed."""

    def succeed(*arguments):
        result = call(*arguments)
        assert result.exit_code == 0, (arguments, result.output, result.exception)
        return result.stdout

    return succeed


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Path:
    """interactions.csv, items.csv and images.tar, with columns of the shop's own naming.

    24 items (8 a category) in JPEG and PNG, none square; customers 0001 to 0008 with 7 items
    each, and 0009 with 2. One item has no picture, one purchase is of an unknown item.
    """
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(0)
    ids = [f"0{number}" for number in rng.permutation(np.arange(100, 124))]
    with tarfile.open(folder / "images.tar", "w") as archive:
        for number, item in enumerate(ids):
            colour = np.eye(3)[number % 3] * 150 + rng.integers(0, 100, (40, 30, 3))
            file_format = ("JPEG", "PNG")[number % 2]
            data = io.BytesIO()
            Image.fromarray(colour.astype(np.uint8)).save(data, file_format)
            entry = tarfile.TarInfo(f"pictures/{item}.{('jpg', 'png')[number % 2]}")
            entry.size = data.tell()
            data.seek(0)
            archive.addfile(entry, data)
    items = [(item, CATEGORIES[number % 3]) for number, item in enumerate(ids)]
    items.append(("0999", "Tops"))
    pd.DataFrame(items, columns=["article_id", "group"]).to_csv(folder / "items.csv", index=False)
    bought = [
        (f"{customer:04d}", item, "2024-05-01")
        for customer, count in enumerate([7] * 8 + [2], start=1)
        for item in rng.permutation(ids)[:count]
    ]
    bought.append(("0001", "nothing", "2024-05-02"))
    frame = pd.DataFrame(bought, columns=["customer_id", "article_id", "t_dat"])
    frame.to_csv(folder / "interactions.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def prepare_arguments(shop):
    """Of `prepare shop`, but for --out."""
    return [
        *("prepare", "shop", "--interactions", shop / "interactions.csv"),
        *("--items", shop / "items.csv", "--images", shop / "images.tar"),
        *("--user-column", "customer_id", "--item-column", "article_id"),
        *("--time-column", "t_dat", "--category-column", "group"),
    ]


@pytest.fixture(scope="session")
def chain(succeed, prepare_arguments, tmp_path_factory):
    """Paths and outputs of prepare, train dvbpr and train gan."""
    folder = tmp_path_factory.mktemp("chain")
    catalogue, dvbpr, gan = folder / "catalogue", folder / "dvbpr", folder / "gan"
    outputs = {
        "prepare": succeed(*prepare_arguments, "--out", catalogue),
        "dvbpr": succeed(
            *("train", "dvbpr", catalogue, "--out", dvbpr, "--epochs", 2, "--batch-size", 16),
            *("--picture-size", 32, "--embedding-size", 6, "--seed", 4),
        ),
        "gan": succeed(
            *("train", "gan", catalogue, "--out", gan, "--epochs", 1, "--batch-size", 8),
            *("--picture-size", 32, "--width", 4),
        ),
    }
    facts = json.loads((catalogue / "catalogue.json").read_text())
    return SimpleNamespace(
        folder=folder, catalogue=catalogue, dvbpr=dvbpr, gan=gan, outputs=outputs, facts=facts
    )
