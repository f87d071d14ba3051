"""Fixtures of tiny models that are exported and called in another process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from served_questions import all_questions
from tiny_world import (
    World,
    make_bprmf,
    make_catalogue,
    make_dated_dvbpr,
    make_dvbpr,
    make_gan,
    picture_file,
)

from keras_fashion.app.exporting import export
from keras_fashion.app.run import Run
from keras_fashion.data import Catalogue, decode_picture, scale

Answers = dict[str, dict[str, np.ndarray]]

_loaded: dict[str, Run] = {}
"""Runs whose models this process has exported."""


@pytest.fixture(scope="session")
def built(made_once):
    """A catalogue, runs and exports, made by the first of several processes for all of them.

    Version 1 is a DVBPR and a GAN; version 2 of the recommender is the full DVBPR. Version 3 of the
    recommender and version 2 of the designer are a DVBPR that knows time.
    """
    return made_once("exported_world", _make_exported_world)


def _make_exported_world(folder: Path) -> None:
    catalogue = make_catalogue(folder / "catalogue")
    make_bprmf(folder / "bprmf", catalogue)
    options = {"latent_size": 3, "bias": True, "with_history": True}
    _loaded["full"] = full = make_dvbpr(folder / "full", catalogue, **options)
    _loaded["dvbpr"] = dvbpr = make_dvbpr(folder / "dvbpr", catalogue)
    _loaded["gan"] = gan = make_gan(folder / "gan", catalogue)
    out = folder / "exported"
    first = export(dvbpr, gan, out)
    assert first == [out / "recommender" / "1", out / "designer" / "1"]
    assert export(full, None, out) == [out / "recommender" / "2"]
    _loaded["dated"] = dated = make_dated_dvbpr(folder / "dated", catalogue)
    assert export(dated, gan, out) == [out / "recommender" / "3", out / "designer" / "2"]


@pytest.fixture(scope="session")
def world(built):
    catalogue = Catalogue.load(built / "catalogue")
    pictures = [
        scale(decode_picture(file, (32, 32)))
        for file in map(catalogue.picture_files.__getitem__, range(20))
    ]
    names = ("dvbpr", "gan", "bprmf", "full", "dated")
    runs = {name: _loaded.get(name) or Run(built / name) for name in names}
    return World(catalogue, **runs, pictures=np.stack(pictures))


@pytest.fixture(scope="session")
def exported(built):
    return built / "exported"


@pytest.fixture(scope="session")
def new_picture():
    return picture_file(np.random.default_rng(99), "JPEG")


@pytest.fixture(scope="session")
def all_answers(made_once, world, exported, new_picture, root) -> Answers:
    """Answers to `all_questions` by name: outputs, or `error`.

    They are computed in a process that imports TensorFlow only. With KERAS_FASHION_SERVER, it runs
    in an environment without this package, and graphs are optimized as on a server.
    """
    interpreter = os.environ.get("KERAS_FASHION_SERVER", sys.executable)
    speed = "as-served" if "KERAS_FASHION_SERVER" in os.environ else "quick"

    def make(folder: Path) -> None:
        asked = {
            name: question._asdict()
            | {
                "inputs": {
                    key: _as_hex(value) if key == "image_bytes" else value
                    for key, value in question.inputs.items()
                }
            }
            for name, question in all_questions(exported, world.catalogue, new_picture).items()
        }
        (folder / "questions.json").write_text(json.dumps(asked), encoding="utf-8")
        client = root / "tests" / "support" / "ask_exported.py"
        done = subprocess.run(
            [interpreter, str(client), str(exported), "questions.json", "answers.npz", speed],
            cwd=folder,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    answers: Answers = {}
    with np.load(made_once("served_answers", make) / "answers.npz") as arrays:
        for key, value in arrays.items():
            name, output = key.rsplit("/", 1)
            answers.setdefault(name, {})[output] = value
    return answers


def _as_hex(value: bytes | list[bytes]) -> str | list[str]:
    return value.hex() if isinstance(value, bytes) else [each.hex() for each in value]
