"""Tiny models that the tests of serving export, and the form of requests to them."""

import io
from dataclasses import replace
from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd
from PIL import Image

from keras_fashion.app.run import Run
from keras_fashion.data import Catalogue, TimeCut, prepare, temporal_split
from keras_fashion.data.sources.in_memory import InMemory
from keras_fashion.models import BPRMF, DVBPR, GAN_PRESETS, CompactEncoder, TimeTerms

TABLES = {"theta", "gamma", "beta", "trend", "season", "category"}
"""Beginnings of the names of weights that start near 0."""

TIME_CUT = {"test_from": "2020-09-01", "validation_from": "2020-07-01"}
"""Training is from August 2019 to May 2020, in four quarters."""

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
    first_day = np.datetime64("2019-08-10")
    bought = [
        (user, items[place], str(first_day + 70 * number))
        for user in ["ann", "bob", "çem", "007", "eve"]
        for number, place in enumerate(rng.choice(20, 7, replace=False))
    ]
    # Too few items, and too late, to be part of a split, and so of the training.
    bought += [("new-here", item, "2020-09-10") for item in items[:2]]
    listed = pd.DataFrame(rows, columns=["item", "category", "picture"])
    interactions = pd.DataFrame(bought, columns=["user", "item", "time"])
    prepare(InMemory(listed, interactions), path, name="tiny")
    return Catalogue.load(path)


def make_run(path, kind, model, catalogue, spread=None, time_cut=None):
    """Makes a run with a model of random weights, as training would leave it."""
    rng = np.random.default_rng(1)
    for variable in spread or []:
        variable.assign(rng.normal(0, 2, variable.shape))
    split = {} if kind == "gan" else {"split": None, "time_cut": time_cut}
    run = Run.create(path, {"model": kind, "seed": 0} | split, catalogue)
    run.save_model(model)
    if kind != "gan":
        run.write_vectors()
        split = run.split
        run.model.adapt_users(run.vectors.items, split.train, split.days_of("train"))
        run.save_model(run.model)
        run.write_vectors()
    return Run(path)


def make_dvbpr(path, catalogue, time_cut=None, **options):
    keras.utils.set_random_seed(0)
    encoder = CompactEncoder(8, (32, 32), width=4)
    model = DVBPR(len(catalogue.user_ids), len(catalogue.item_ids), encoder, **options)
    model.compile("adam")
    model.optimizer.build(model.trainable_variables)  # which the export must leave out
    tables = [weight for weight in model.trainable_weights if weight.name.split("_")[0] in TABLES]
    return make_run(path, "dvbpr", model, catalogue, tables, time_cut)


def make_dated_dvbpr(path, catalogue):
    """Makes a DVBPR that knows time, which can be exported with a GAN."""
    split = temporal_split(catalogue, TimeCut(**TIME_CUT))
    terms = TimeTerms.from_catalogue(8, ["trend", "season", "category"], catalogue, split)
    options = {"with_history": True, "recency": 60, "time_terms": terms}
    return make_dvbpr(path, catalogue, time_cut=TIME_CUT, **options)


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
    dated: Run
    """A DVBPR that knows time: trend, season, categories by month, and histories that fade."""
    pictures: np.ndarray
    """(I, 32, 32, 3) in [-1, 1]."""


class Question(NamedTuple):
    """A request to an exported model."""

    model: str
    """Name and version, such as "recommender/1"."""
    signature: str
    inputs: dict[str, Any]
