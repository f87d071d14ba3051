"""The files of a shop, and runs on them that the commands make once for all tests.

What a command loads and traces is shared by the tests of a process (`shared`).
"""

import io
import json
import shutil
import tarfile
from functools import partial
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from keras_fashion import design
from keras_fashion.app.cli.main import main
from keras_fashion.app.run import Run
from keras_fashion.design import PROCEDURES, PreferenceMaximizer
from keras_fashion.errors import InputError
from keras_fashion.models import CategoryClassifier

CATEGORIES = ["Bags", "Shoes", "Tops"]


@pytest.fixture(scope="session")
def call():
    """Runs a command in this process and returns its exit code, stdout and stderr."""

    def call(*arguments):
        return CliRunner().invoke(main, [str(each) for each in arguments])

    return call


@pytest.fixture(scope="session")
def succeed(call):
    """Runs a command that must succeed and returns its stdout."""

    def succeed(*arguments):
        result = call(*arguments)
        assert result.exit_code == 0, (arguments, result.output, result.exception)
        return result.stdout

    return succeed


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Path:
    """Makes interactions.csv, items.csv and images.tar, whose columns have other names than ours.

    24 items (8 a category) in JPEG and PNG, none square; customers 0001 to 0008 with 7 items
    each, and 0009 with 2. One item has no picture, one purchase is of an unknown item.
    """
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(0)
    ids = [f"0{number}" for number in rng.permutation(np.arange(100, 124))]
    with tarfile.open(folder / "images.tar", "w") as archive:
        for number, item in enumerate(ids):
            color = np.eye(3)[number % 3] * 150 + rng.integers(0, 100, (40, 30, 3))
            file_format = ("JPEG", "PNG")[number % 2]
            data = io.BytesIO()
            Image.fromarray(color.astype(np.uint8)).save(data, file_format)
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
    """The arguments of `prepare shop` without --out."""
    return [
        *("prepare", "shop", "--interactions", shop / "interactions.csv"),
        *("--items", shop / "items.csv", "--images", shop / "images.tar"),
        *("--user-column", "customer_id", "--item-column", "article_id"),
        *("--time-column", "t_dat", "--category-column", "group"),
    ]


OWN_MODEL = Run.model


class SharedModel:
    """`Run.model`, which loads files of the same content once."""

    def __init__(self):
        self.loaded = {}

    def __get__(self, run, owner):
        if run is None:
            return self
        path = run.path / "model.keras"
        if not path.is_file():
            return OWN_MODEL.func(run)
        content = path.read_bytes()
        if content not in self.loaded:
            self.loaded[content] = OWN_MODEL.func(run)
        return self.loaded[content]


class SharedMaximizers:
    """Makes one maximizer for all calls with the same models and procedure."""

    def __init__(self):
        self.made = {}

    def __call__(self, recommender, gan, procedure=PROCEDURES["default"]):
        key = (id(recommender), id(gan), procedure)
        if key not in self.made:
            self.made[key] = PreferenceMaximizer(recommender, gan, procedure)
        return self.made[key]


@pytest.fixture(scope="session")
def of_all_modules():
    return SharedModel(), SharedMaximizers()


@pytest.fixture(scope="module", autouse=True)
def shared(of_all_modules):
    """Makes commands load each model once in a process, and trace each search once.

    Of a module, since one of the whole session would stay for the tests of other folders.
    """
    models, maximizers = of_all_modules
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "model", models)
        patch.setattr(design, "PreferenceMaximizer", maximizers)
        yield


@pytest.fixture
def unshared(monkeypatch):
    """Undoes `shared`."""
    monkeypatch.setattr(Run, "model", OWN_MODEL)
    monkeypatch.setattr(design, "PreferenceMaximizer", PreferenceMaximizer)


@pytest.fixture(scope="session")
def chain(succeed, prepare_arguments, made_once):
    """Paths and outputs of prepare, train dvbpr and train gan, and the command of the GAN."""

    def gan_command(folder):
        return (
            *("train", "gan", folder / "catalogue", "--out", folder / "gan", "--batch-size", 12),
            *("--preset", "least-squares", "--picture-size", 16, "--width", 4, "--seed", 7),
            *("--metrics-every", 2, "--num-metrics-pictures", 20),
        )

    def make(folder):
        catalogue = folder / "catalogue"
        outputs = {
            "prepare": succeed(*prepare_arguments, "--out", catalogue),
            "dvbpr": succeed(
                *("train", "dvbpr", catalogue, "--out", folder / "dvbpr", "--epochs", 2),
                *("--batch-size", 16, "--picture-size", 16, "--embedding-size", 6, "--seed", 4),
            ),
        }
        with pytest.MonkeyPatch.context() as patch:
            # The classifier whose features score the GAN; `report` finds it in the catalogue.
            small = partial(CategoryClassifier, widths=(8, 8), picture_size=(16, 16))
            # (A function of the same name hides the module in its package.)
            module = import_module("keras_fashion.features.classifier")
            patch.setattr(module, "CategoryClassifier", small)
            outputs["gan"] = succeed(*gan_command(folder), "--epochs", 1)
        (folder / "outputs.json").write_text(json.dumps(outputs))

    folder = made_once("cli_chain", make)
    return SimpleNamespace(
        catalogue=folder / "catalogue",
        dvbpr=folder / "dvbpr",
        gan=folder / "gan",
        gan_command=gan_command(folder),
        outputs=json.loads((folder / "outputs.json").read_text()),
        facts=json.loads((folder / "catalogue" / "catalogue.json").read_text()),
    )


@pytest.fixture(scope="session")
def unseen(chain, made_once):
    """A copy of the chain's DVBPR with another seed in its config and other user embeddings."""

    def make(folder):
        shutil.copytree(chain.dvbpr, folder / "run")
        config = json.loads((folder / "run" / "config.json").read_text())
        (folder / "run" / "config.json").write_text(json.dumps(config | {"seed": 5}))
        vectors = dict(np.load(folder / "run" / "vectors.npz"))
        vectors["users"] = np.roll(vectors["users"], 1, axis=1)
        np.savez(folder / "run" / "vectors.npz", **vectors)

    return made_once("cli_unseen", make) / "run"


@pytest.fixture
def no_inception(monkeypatch):
    """Refuses FID's weights as the real one does, which builds the network first."""

    def refuse(weights):
        raise InputError(f"{weights} is not there")

    monkeypatch.setattr("keras_fashion.models.inception.fid_inception", refuse)
