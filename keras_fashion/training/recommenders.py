"""Training each recommender of the comparison into a run folder.

Every function takes the catalogue, the run folder to make (`out`, new or empty), its options,
and either a `split`, a CSV file of user, item, part, or none: then one interaction of each user is
left out for validation and one for test, by `seed`. The seed also decides initial weights and
order.
"""

import os
import shutil
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np

from keras_fashion.catalogue import Catalogue, Split, leave_one_out, read_split, triplets
from keras_fashion.errors import InputError
from keras_fashion.evaluation.validation_auc import ValidationAUC
from keras_fashion.models import (
    BPRMF,
    CNNF,
    DVBPR,
    VBPR,
    CompactEncoder,
    PopRank,
    RandomScores,
    Recommender,
    VisRank,
)
from keras_fashion.run import Run
from keras_fashion.training.category_classifier import frozen_features
from keras_fashion.training.fit import KeepModel, fit
from keras_fashion.training.options import (
    BPRMFOptions,
    DVBPROptions,
    FitOptions,
    NoOptions,
    VBPROptions,
)
from keras_fashion.written_aside import written_aside


def train_random(
    catalogue: Catalogue,
    out: Path,
    options: NoOptions = NoOptions(),
    split: Path | None = None,
    seed: int = 0,
) -> Run:
    """Random scores, the floor of the table."""
    run, parts = _start("random", catalogue, out, options, split, seed)
    return _keep(run, RandomScores(parts.user_count, parts.item_count, seed))


def train_poprank(
    catalogue: Catalogue,
    out: Path,
    options: NoOptions = NoOptions(),
    split: Path | None = None,
    seed: int = 0,
) -> Run:
    """Counts training interactions."""
    run, parts = _start("poprank", catalogue, out, options, split, seed)
    model = PopRank(parts.user_count, parts.item_count)
    model.adapt(parts.training_counts)
    return _keep(run, model)


def train_visrank(
    catalogue: Catalogue,
    out: Path,
    options: NoOptions = NoOptions(),
    split: Path | None = None,
    seed: int = 0,
) -> Run:
    """Takes the mean frozen feature of what each user bought."""
    run, parts = _start("visrank", catalogue, out, options, split, seed)
    features = frozen_features(catalogue)
    model = VisRank(parts.user_count, parts.item_count, features.shape[1])
    model.adapt(features, parts.train)
    return _keep(run, model)


def train_bprmf(
    catalogue: Catalogue,
    out: Path,
    options: BPRMFOptions = BPRMFOptions(),
    split: Path | None = None,
    seed: int = 0,
) -> Run:
    """Trains BPR-MF."""
    run, parts = _start("bprmf", catalogue, out, options, split, seed)
    model = BPRMF(parts.user_count, parts.item_count, options.latent_size, options.regularisation)
    return _fit(run, model, parts, options, seed)


def train_vbpr(
    catalogue: Catalogue,
    out: Path,
    options: VBPROptions = VBPROptions(),
    split: Path | None = None,
    seed: int = 0,
) -> Run:
    """Trains VBPR on the catalogue's frozen features."""
    run, parts = _start("vbpr", catalogue, out, options, split, seed)
    features = frozen_features(catalogue)
    # Once more: the classifier has drawn from the seed if it was trained just now.
    keras.utils.set_random_seed(seed)
    model = VBPR(
        parts.user_count,
        parts.item_count,
        features.shape[1],
        options.latent_size,
        options.visual_size,
        options.regularisation,
    )
    model.adapt(features)
    return _fit(run, model, parts, options, seed)


def train_dvbpr(
    catalogue: Catalogue,
    out: Path,
    options: DVBPROptions = DVBPROptions(),
    split: Path | None = None,
    seed: int = 0,
) -> Run:
    """Trains DVBPR end to end."""
    encoders = {"compact": CompactEncoder, "cnnf": CNNF}
    if options.encoder not in encoders:
        raise InputError(f"--encoder {options.encoder}: there are {', '.join(encoders)}.")
    if options.encoder == "cnnf" and options.picture_size < 128:
        raise InputError(
            f"--encoder cnnf is made for --picture-size 224 and needs 128 at least, not "
            f"{options.picture_size}; the original trained it with --learning-rate 1e-4."
        )
    run, parts = _start("dvbpr", catalogue, out, options, split, seed)
    size = (options.picture_size, options.picture_size)
    model = DVBPR(
        parts.user_count,
        parts.item_count,
        encoders[options.encoder](options.embedding_size, size),
        options.theta_regularisation,
        options.encoder_regularisation,
    )
    return _fit(run, model, parts, options, seed, catalogue.pictures(size))


def _start(
    model: str,
    catalogue: Catalogue,
    out: Path,
    options: NoOptions | FitOptions,
    split: Path | None,
    seed: int,
) -> tuple[Run, Split]:
    parts = leave_one_out(catalogue, seed) if split is None else read_split(split, catalogue)
    if isinstance(options, FitOptions) and not (len(parts.train) and len(parts.validation)):
        raise InputError(f"{split} has no row of part train or none of part valid; add some.")
    config = {
        "model": model,
        "seed": seed,
        "split": None if split is None else os.path.abspath(split),
        "options": asdict(options),
    }
    run = Run.create(out, config, catalogue)
    if split is not None:
        # A copy: the file that was given may be moved or written anew.
        with written_aside(run.path / "split.csv") as aside:
            shutil.copyfile(split, aside)
    keras.utils.set_random_seed(seed)
    return run, parts


def _fit(
    run: Run,
    model: Recommender,
    parts: Split,
    options: FitOptions,
    seed: int,
    pictures: np.ndarray | None = None,
) -> Run:
    batches = triplets(parts, options.batch_size, seed, pictures, flip=pictures is not None)
    decay = keras.optimizers.schedules.CosineDecay(
        options.learning_rate, options.epochs * int(batches.cardinality())
    )
    model.compile(optimizer=keras.optimizers.Adam(decay))
    interrupted = fit(
        model,
        batches,
        run,
        options.epochs,
        [
            ValidationAUC(parts, pictures),
            KeepModel(run, monitor="val_auc"),
            keras.callbacks.EarlyStopping("val_auc", mode="max", patience=options.patience),
        ],
    )
    run.write_vectors()
    run.finish(interrupted)
    return run


def _keep(run: Run, model: Recommender) -> Run:
    run.save_model(model)
    run.write_vectors()
    run.finish()
    return run
