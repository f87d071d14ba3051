"""Tiny models, exported and called in a process of their own, for all tests of serving."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tiny_world import (
    Question,
    World,
    make_bprmf,
    make_catalogue,
    make_dvbpr,
    make_gan,
    picture_file,
)

from keras_fashion.catalogue import Catalogue, decode_picture, scale
from keras_fashion.run import Run
from keras_fashion.serving.export import export


@pytest.fixture(scope="session")
def built(made_once):
    """A catalogue, runs and exports: made by the first of several processes, for all of them.

    Versions: 1 is DVBPR and GAN; recommenders 2 and 3 are BPR-MF and the full DVBPR.
    """
    return made_once("exported_world", _make_exported_world)


def _make_exported_world(folder: Path) -> None:
    catalogue = make_catalogue(folder / "catalogue")
    dvbpr = make_dvbpr(folder / "dvbpr", catalogue)
    gan = make_gan(folder / "gan", catalogue)
    bprmf = make_bprmf(folder / "bprmf", catalogue)
    options = {"latent_size": 3, "bias": True, "with_history": True}
    full = make_dvbpr(folder / "full", catalogue, **options)
    out = folder / "exported"
    first = export(dvbpr, gan, out)
    assert first == [out / "recommender" / "1", out / "designer" / "1"]
    assert export(bprmf, None, out) == [out / "recommender" / "2"]
    assert export(full, None, out) == [out / "recommender" / "3"]


@pytest.fixture(scope="session")
def world(built):
    catalogue = Catalogue.load(built / "catalogue")
    pictures = [
        scale(decode_picture(file, (32, 32)))
        for file in map(catalogue.picture_files.__getitem__, range(20))
    ]
    runs = {name: Run(built / name) for name in ("dvbpr", "gan", "bprmf", "full")}
    return World(catalogue, **runs, pictures=np.stack(pictures))


@pytest.fixture(scope="session")
def exported(built):
    return built / "exported"


@pytest.fixture(scope="session")
def new_picture():
    return picture_file(np.random.default_rng(99), "JPEG")


@pytest.fixture(scope="session")
def ask(exported, root, tmp_path_factory) -> Callable[[dict[str, Question]], dict[str, dict]]:
    """Asks in a process that knows TensorFlow only: by name, outputs or `error`.

    With KERAS_FASHION_SERVER, in an environment where there is nothing else to know.
    """
    interpreter = os.environ.get("KERAS_FASHION_SERVER", sys.executable)

    def ask(questions: dict[str, Question]) -> dict[str, dict]:
        folder = tmp_path_factory.mktemp("client")
        asked = {
            name: question._asdict()
            | {
                "model": str(exported / question.model),
                "inputs": {
                    key: _as_hex(value) if key == "image_bytes" else value
                    for key, value in question.inputs.items()
                },
            }
            for name, question in questions.items()
        }
        (folder / "questions.json").write_text(json.dumps(asked), encoding="utf-8")
        client = root / "tests" / "support" / "ask_exported.py"
        done = subprocess.run(
            [interpreter, str(client), "questions.json", "answers.npz"],
            cwd=folder,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        answers = {name: {} for name in questions}
        with np.load(folder / "answers.npz") as arrays:
            for key, value in arrays.items():
                name, output = key.split("/")
                answers[name][output] = value
        return answers

    return ask


def _as_hex(value: bytes | list[bytes]) -> str | list[str]:
    return value.hex() if isinstance(value, bytes) else [each.hex() for each in value]
