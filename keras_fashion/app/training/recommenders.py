"""Training the recommenders of the comparison into run folders, all in one way."""

from functools import singledispatch
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.app.training.kept_epochs import BestEpoch
from keras_fashion.app.training.options import (
    BiasedMFOptions,
    BPRMFOptions,
    CategoryFrequencyOptions,
    CategoryPopularityOptions,
    CheckpointSchedule,
    DVBPROptions,
    FitOptions,
    FMOptions,
    ModelOptions,
    PopRankOptions,
    RandomOptions,
    VBPROptions,
    VisRankMaxOptions,
    VisRankOptions,
    WARPOptions,
)
from keras_fashion.app.training.resumable_training import ResumableTraining
from keras_fashion.callbacks.validation_auc import ValidationAUC
from keras_fashion.data import Catalogue, Split, leave_one_out, read_split, triplets
from keras_fashion.data.batches import require_shareable
from keras_fashion.data.columns import item_columns
from keras_fashion.distribution.workers import Workers
from keras_fashion.errors import InputError, TrainingFailed
from keras_fashion.evaluation.ranking import rank_held_out
from keras_fashion.features.frozen import frozen_features
from keras_fashion.models import (
    BPRMF,
    CNNF,
    DVBPR,
    FM,
    VBPR,
    WARP,
    BiasedMF,
    CategoryFrequency,
    CategoryPopularity,
    CompactEncoder,
    PopRank,
    RandomScores,
    Recommender,
    VisRank,
    VisRankMax,
)
from keras_fashion.models.principal_components import principal_components
from keras_fashion.optimizers import LazyAdam

MONITORED = {"auc": "auc_all", "auc_matched": "auc_matched"}


def train_recommender(
    catalogue: Catalogue,
    out: Path,
    options: ModelOptions,
    split: Path | None = None,
    seed: int = 0,
    strategy: tf.distribute.Strategy | None = None,
    schedule: CheckpointSchedule = CheckpointSchedule(),
    split_seed: int = 0,
) -> Run:
    """Trains a recommender into a run folder.

    A training that was interrupted or killed goes on where it stopped, on the same or other
    devices; one that is finished is returned as it is.

    Args:
        catalogue: What to learn from.
        out: The run folder, new, empty or that of the same training.
        options: Their class says which model.
        split: CSV file of user, item, part; by default one interaction of each user is left out
            for validation and one for test, by `split_seed`.
        seed: Decides initial weights and order.
        strategy: On what to train, see `strategy_for`; by default on one device. Models that are
            not trained by steps take no notice.
        schedule: When to write checkpoints.
        split_seed: Decides which interactions are left out. Trainings of several seeds share a
            split, so that a model of one seed has not learned from what another is tested on.

    Raises:
        InputError: If the run in `out` is another training, the split or an option does not fit
            the catalogue, the devices cannot share a batch, the training is interrupted in its
            first epoch, or a checkpoint cannot be written.
        TrainingFailed: If it diverges; the best epoch before stands.
        Terminated: If the process is told to end; the same call goes on.
    """
    strategy = strategy or tf.distribute.get_strategy()
    workers = Workers(strategy)
    with (
        workers.report_lost_worker(),
        ResumableTraining(catalogue, out, options, seed, split, workers, split_seed) as training,
    ):
        if training.found_finished():
            return training.run
        if split is None:
            parts = leave_one_out(catalogue, split_seed)
        else:
            parts = read_split(split, catalogue)
        fitted = isinstance(options, FitOptions)
        if fitted:
            _require_validation(options, parts, split)
            for rows in (options.batch_size, options.negatives):
                require_shareable(rows, strategy.num_replicas_in_sync)
        with workers.chief_first():
            if "classifier" in getattr(options, "features", ()):
                frozen_features(catalogue)  # outside of the strategy, once
        keras.utils.set_random_seed(seed)
        with strategy.scope():
            model = untrained(options, catalogue, parts, seed)
            if fitted:
                decay = keras.optimizers.schedules.CosineDecay(
                    options.learning_rate, options.epochs * parts.steps(options.batch_size)
                )
                # Keras's "auto" would compile with XLA wherever there is one GPU.
                model.compile(optimizer=LazyAdam(decay), jit_compile=False)
                model.optimizer.build(model.trainable_variables)
        run = training.begin()
        if fitted:
            _fit(training, model, catalogue, parts, options, seed, schedule)
        elif workers.is_chief:
            run.save_model(model)
        if workers.is_chief:
            run.write_vectors()
        training.finish()
    return run


@singledispatch
def untrained(
    options: ModelOptions, catalogue: Catalogue, parts: Split, seed: int
) -> Recommender | VisRankMax:
    """The model that options of a class stand for, with all that it takes but training.

    Args:
        options: Of a recommender.
        catalogue: Whose items, categories and pictures it takes.
        parts: The training part is counted by models that count.
        seed: For models that draw.

    Raises:
        InputError: If an option does not fit the catalogue.
        TypeError: If the options are no recommender's.
    """
    raise TypeError(f"{type(options).__name__} are not the options of a recommender")


@untrained.register
def _random(options: RandomOptions, catalogue: Catalogue, parts: Split, seed: int) -> RandomScores:
    return RandomScores(parts.num_users, parts.num_items, seed)


@untrained.register
def _poprank(options: PopRankOptions, catalogue: Catalogue, parts: Split, seed: int) -> PopRank:
    model = PopRank(parts.num_users, parts.num_items)
    model.adapt(parts.training_counts)
    return model


@untrained.register
def _biased_mf(options: BiasedMFOptions, catalogue: Catalogue, parts: Split, seed: int) -> BiasedMF:
    return BiasedMF(parts.num_users, parts.num_items, options.latent_size, options.regularization)


@untrained.register
def _bprmf(options: BPRMFOptions, catalogue: Catalogue, parts: Split, seed: int) -> BPRMF:
    return BPRMF(parts.num_users, parts.num_items, options.latent_size, options.regularization)


@untrained.register
def _warp(options: WARPOptions, catalogue: Catalogue, parts: Split, seed: int) -> WARP:
    return WARP(parts.num_users, parts.num_items, options.latent_size, options.regularization)


@untrained.register
def _category_popularity(
    options: CategoryPopularityOptions, catalogue: Catalogue, parts: Split, seed: int
) -> CategoryPopularity:
    values, _ = item_columns(catalogue, [options.column])
    model = CategoryPopularity(parts.num_users, parts.num_items)
    model.adapt(parts.training_counts, values[:, 0])
    return model


@untrained.register
def _category_frequency(
    options: CategoryFrequencyOptions, catalogue: Catalogue, parts: Split, seed: int
) -> CategoryFrequency:
    values, num_values = item_columns(catalogue, options.columns)
    model = CategoryFrequency(parts.num_users, parts.num_items, values.shape[1], num_values)
    model.adapt(values, parts.train)
    return model


@untrained.register
def _visrank(options: VisRankOptions, catalogue: Catalogue, parts: Split, seed: int) -> VisRank:
    features = _whitened_features(options, catalogue)
    model = VisRank(parts.num_users, parts.num_items, features.shape[1])
    model.adapt(features, parts.train)
    return model


@untrained.register
def _visrank_max(
    options: VisRankMaxOptions, catalogue: Catalogue, parts: Split, seed: int
) -> VisRankMax:
    features = _whitened_features(options, catalogue)
    model = VisRankMax(parts.num_users, parts.num_items, features.shape[1])
    model.adapt(features)
    return model


@untrained.register
def _fm(options: FMOptions, catalogue: Catalogue, parts: Split, seed: int) -> FM:
    values, num_values = item_columns(catalogue, ["category", *catalogue.attributes])
    model = FM(
        parts.num_users,
        parts.num_items,
        values.shape[1],
        num_values,
        options.latent_size,
        options.regularization,
    )
    model.adapt(values)
    return model


@untrained.register
def _vbpr(options: VBPROptions, catalogue: Catalogue, parts: Split, seed: int) -> VBPR:
    features = frozen_features(catalogue, options.features)
    # Once more: the classifier has drawn from the seed if it was trained just now.
    keras.utils.set_random_seed(seed)
    model = VBPR(
        parts.num_users,
        parts.num_items,
        feature_size=min(options.feature_size, features.shape[1]),
        embedding_size=options.embedding_size,
        latent_size=options.latent_size,
        bias=options.bias,
        with_history=options.history > 0,
        regularization=options.regularization,
    )
    model.adapt(features)
    return model


@untrained.register
def _dvbpr(options: DVBPROptions, catalogue: Catalogue, parts: Split, seed: int) -> DVBPR:
    encoders = {"compact": CompactEncoder, "cnnf": CNNF}
    if options.encoder == "cnnf" and options.picture_size < 128:
        raise InputError(
            f"--encoder cnnf is made for --picture-size 224 and needs 128 at least, not "
            f"{options.picture_size}; the original trained it with --learning-rate 1e-4."
        )
    size = (options.picture_size, options.picture_size)
    return DVBPR(
        parts.num_users,
        parts.num_items,
        encoders[options.encoder](options.embedding_size, size),
        latent_size=options.latent_size,
        bias=options.bias,
        with_history=options.history > 0,
        regularization=options.regularization,
        encoder_regularization=options.encoder_regularization,
    )


def _require_validation(options: FitOptions, parts: Split, split: Path | None) -> None:
    if not (len(parts.train) and len(parts.validation)):
        raise InputError(f"{split} has no row of part train or none of part valid; add some.")
    if np.bincount(parts.train[:, 0]).max() >= parts.num_items:
        raise InputError("the split has a user with every item in training: leave some out.")
    ties = rank_held_out(
        lambda users: np.zeros((len(users), parts.num_items)), parts, "validation"
    ).means()
    if ties["auc_all"] is None:
        raise InputError("all validation users have all items: there is nothing to rank.")
    if ties[MONITORED[options.monitor]] is None:
        raise InputError(
            "--monitor auc_matched: no validation item has a rival of equally many training "
            "interactions that its user lacks; take --monitor auc."
        )


def _whitened_features(options: VisRankOptions, catalogue: Catalogue) -> np.ndarray:
    if options.whitening > 0.5:
        raise InputError(f"--whitening {options.whitening}: 0.5 is full whitening; take less.")
    features = frozen_features(catalogue, options.features)
    if options.whitening:
        return principal_components(features, options.components, options.whitening)
    return features


def _fit(
    training: ResumableTraining,
    model: Recommender,
    catalogue: Catalogue,
    parts: Split,
    options: FitOptions,
    seed: int,
    schedule: CheckpointSchedule,
) -> None:
    workers, run = training.workers, training.run
    encoder = getattr(model, "encoder", None)
    pictures = None
    if encoder is not None:
        with workers.chief_first():
            pictures = catalogue.pictures(encoder.picture_size)
    monitor = f"val_{options.monitor}"
    try:
        training.fit(
            model,
            lambda start, context: triplets(
                parts,
                options.batch_size,
                seed,
                pictures,
                flip=pictures is not None,
                negatives=options.negatives,
                history=getattr(options, "history", 0),
                start=start,
                context=context,
            ),
            options.epochs,
            parts.steps(options.batch_size),
            [
                ValidationAUC(parts, pictures, workers),
                BestEpoch(
                    run if workers.is_chief else None, monitor, options.patience, training.progress
                ),
            ],
            schedule,
        )
    except TrainingFailed:
        if workers.is_chief and (run.path / "model.keras").is_file():
            run.write_vectors()
        raise
