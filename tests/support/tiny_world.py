"""Tiny models that the tests of serving export, and the form of requests to them."""

import io
from dataclasses import replace
from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd
from PIL import Image

from keras_fashion.app.run import Run
from keras_fashion.data import Catalogue, prepare
from keras_fashion.data.sources.in_memory import InMemory
from keras_fashion.models import BPRMF, DVBPR, GAN_PRESETS, CompactEncoder

TABLES = {"theta", "gamma", "beta"}
"""Beginnings of the names of weights that start near 0."""

CATEGORIES = ["Kleid, lang", "Röcke", "Shoes"]


def picture_file(rng, file_format):
    pixels = rng.integers(0, 256, (9, 6, 3), np.uint8)
    buffer = io.BytesIO()
    # Neither square nor of the models' size, so that the graph has to add bars.
    Image.fromarray(pixels).resize((40, 60), Image.BICUBIC).save(buffer, file_format)
    return buffer.getvalue()


def make_catalogue(path, seed=0):
    rng = np.random.default_rng(seed)
    items = [f"{number:010d}" for number in rng.permutation(20)]
    rows = [
        (item, CATEGORIES[place % 3], picture_file(rng, ["PNG", "JPEG"][place % 2]))
        for place, item in enumerate(items)
    ]
    bought = [
        (user, items[place])
        for user in ["ann", "bob", "çem", "007", "eve"]
        for place in rng.choice(20, 7, replace=False)
    ]
    # Too few items to be part of a split, and so of the training.
    bought += [("new-here", item) for item in items[:2]]
    listed = pd.DataFrame(rows, columns=["item", "category", "picture"])
    prepare(InMemory(listed, pd.DataFrame(bought, columns=["user", "item"])), path, name="tiny")
    return Catalogue.load(path)


def make_run(path, kind, model, catalogue, spread=None, **config):
    """Makes a run with a model of random weights, as training would leave it."""
    rng = np.random.default_rng(1)
    for variable in spread or []:
        variable.assign(rng.normal(0, 2, variable.shape))
    split = {} if kind == "gan" else {"split": None}
    run = Run.create(path, {"model": kind, "seed": 0} | split | config, catalogue)
    run.save_model(model)
    if kind != "gan":
        run.write_vectors()
        run.model.adapt_users(run.vectors.items, run.split.train)
        run.save_model(run.model)
        run.write_vectors()
    return Run(path)


def make_dvbpr(path, catalogue, **options):
    keras.utils.set_random_seed(0)
    encoder = CompactEncoder(8, (32, 32), width=4)
    model = DVBPR(len(catalogue.user_ids), len(catalogue.item_ids), encoder, **options)
    model.compile("adam")
    model.optimizer.build(model.trainable_variables)  # which the export must leave out
    tables = [weight for weight in model.weights if weight.name.split("_")[0] in TABLES]
    return make_run(path, "dvbpr", model, catalogue, tables)


def make_gan(path, catalogue):
    # In an inversion by this generator, rounding changes latents by about 1e-6. By that of the
    # default preset, untrained and with this seed, it changed them by 1e-3, which is visible.
    preset = replace(GAN_PRESETS["least-squares"], latent_dim=6)
    gan = preset.make(len(CATEGORIES), (32, 32), 4, seed=3)
    return make_run(path, "gan", gan, catalogue)


def make_bprmf(path, catalogue):
    model = BPRMF(len(catalogue.user_ids), len(catalogue.item_ids), latent_size=4)
    return make_run(path, "bprmf", model, catalogue, model.weights)


class World(NamedTuple):
    """The catalogue, the runs and the pictures that the tests share."""

    catalogue: Catalogue
    dvbpr: Run
    gan: Run
    bprmf: Run
    full: Run
    """A DVBPR with all terms: gamma, beta, and users made from what they bought."""
    pictures: np.ndarray
    """(I, 32, 32, 3) in [-1, 1]."""


class Question(NamedTuple):
    """A request to an exported model."""

    model: str
    """Name and version, such as "recommender/1"."""
    signature: str
    inputs: dict[str, Any]
