"""Trains a model on some devices; run by the test, as each strategy takes a process of its own.

    python alike.py CATALOGUE OUT MODELS OPTIMISER DEVICES [STEP]

OUT gets a run folder for each model. DEVICES is as for --devices; TF_CONFIG says the rest. At a
STEP it is told to end.
"""

import signal
import sys
from pathlib import Path

import keras
import numpy as np

from keras_fashion.catalogue import Catalogue
from keras_fashion.distribution.devices import strategy_for
from keras_fashion.models.gan_presets import GANPreset
from keras_fashion.training import (
    BPRMFOptions,
    DVBPROptions,
    FMOptions,
    GANOptions,
    VBPROptions,
    WARPOptions,
    recommenders,
    train_gan,
)
from keras_fashion.training.checkpoints import Checkpoints
from keras_fashion.training.options import PictureSize

SHORT = {"epochs": 2, "batch_size": 8}
PICTURES = {"picture_size": 16, "embedding_size": 6}
MODELS = {
    "bprmf": BPRMFOptions(**SHORT, latent_size=4),
    "warp": WARPOptions(**SHORT, latent_size=4, negatives=4),
    "fm": FMOptions(**SHORT, latent_size=4),
    "vbpr": VBPROptions(**SHORT, features=("attributes",), history=4),
    "dvbpr": DVBPROptions(**SHORT, **PICTURES),
    "dvbpr_history": DVBPROptions(
        **SHORT, **PICTURES, negatives=4, history=4, latent_size=2, bias=True
    ),
    "gan": GANOptions(**SHORT, picture_size=PictureSize(16, 16), width=4),
    "gan_dvbpr": GANOptions(**SHORT, preset="dvbpr", picture_size=PictureSize(16, 16), width=4),
}


def tell_at(step: int) -> None:
    is_due, steps = Checkpoints.is_due, []

    def is_due_and_told(self):
        steps.append(1)
        if len(steps) == step:
            signal.raise_signal(signal.SIGTERM)
        return is_due(self)

    Checkpoints.is_due = is_due_and_told


def main(
    catalogue: str, out: str, models: str, optimiser: str, devices: str, step: str = ""
) -> None:
    strategy = strategy_for(devices)
    if step:
        tell_at(int(step))
    if optimiser == "sgd":
        recommenders.LazyAdam = lambda decay: keras.optimizers.SGD(0.01)
        GANPreset._adam = lambda self, rate: keras.optimizers.SGD(0.01)
    for model in models.split(","):
        train = train_gan if model.startswith("gan") else recommenders.train_recommender
        train(
            Catalogue.load(catalogue), Path(out) / model, MODELS[model], seed=1, strategy=strategy
        )
        np.save(Path(out) / f"{model}.npy", [strategy.num_replicas_in_sync])


if __name__ == "__main__":
    main(*sys.argv[1:])
