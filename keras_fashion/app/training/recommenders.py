"""Training the recommenders of the comparison into run folders, all in one way."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.app.split_choice import SplitChoice
from keras_fashion.app.training.model_saving import SaveBestModel
from keras_fashion.app.training.options import CheckpointSchedule, FitOptions, ModelOptions
from keras_fashion.app.training.resumable_training import ResumableTraining
from keras_fashion.app.training.training_request import TrainingRequest
from keras_fashion.callbacks.validation_auc import ValidationAUC
from keras_fashion.data import Catalogue, Split, triplets
from keras_fashion.data.batches import require_divisible
from keras_fashion.distribution.workers import Workers
from keras_fashion.errors import InputError, TrainingFailed
from keras_fashion.evaluation.ranking import rank_held_out
from keras_fashion.features.averages import encoder_inputs
from keras_fashion.features.frozen import frozen_features
from keras_fashion.losses.ranking import ranking_loss
from keras_fashion.models.fit_settings import FitSettings
from keras_fashion.models.recommender import Recommender
from keras_fashion.models.registry import RECOMMENDERS, recommender_class
from keras_fashion.optimizers.lazy_adam import LazyAdam

MONITORED = {"auc": "auc_all", "auc_matched": "auc_matched"}


def train_recommender(
    catalogue: Catalogue,
    out: Path,
    options: ModelOptions,
    split: SplitChoice = None,
    seed: int = 0,
    strategy: tf.distribute.Strategy | None = None,
    schedule: CheckpointSchedule = CheckpointSchedule(),
    split_seed: int = 0,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Run:
    """Trains a recommender into a run folder.

    A training that was interrupted or killed is resumed where it stopped, on the same or other
    devices; a finished run is returned as it is.

    Args:
        catalogue: Catalogue to learn from.
        out: Run folder: new, empty, or that of the same training.
        options: Options of the model, see `recommender_options`.
        split: CSV file of user, item, part; the days of a `temporal_split`; or "last-out", which
            holds out each user's last interactions (`last_out`). By default one interaction of
            each user is left out for validation and one for test, by `split_seed`.
        seed: Seed of the initial weights and of the order of the batches.
        strategy: Strategy to train with, see `strategy_for`; by default on one device. Models that
            are not trained by gradient steps ignore it.
        schedule: When to write checkpoints.
        split_seed: Seed of the interactions that are left out, and of the order of a user's
            interactions on one day. Trainings of several seeds share a
            split, so that a model of one seed has not learned from what another is tested on.
        callbacks: Further callbacks of a training by gradient steps, which find the validation AUC
            in the logs.

    Returns:
        The run.

    Raises:
        InputError: If the run in `out` is another training, the split or an option does not fit
            the catalogue, the devices cannot share a batch, the training is interrupted in its
            first epoch, or a checkpoint cannot be written.
        TrainingFailed: If it diverges; the best epoch so far is kept.
        Terminated: If the process is told to end; the same call resumes it.

    Example:
        >>> import tempfile
        >>> from keras_fashion.app import recommender_options
        >>> from keras_fashion.data import Atelier, prepare
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = prepare(Atelier(users=4, items=30, size=16), folder / "catalogue")
        >>> catalogue = Catalogue.load(folder / "catalogue")
        >>> run = train_recommender(catalogue, folder / "poprank", recommender_options("poprank"))
        >>> run.metrics["interrupted"], run.vectors.scores(np.array([0])).shape
        (False, (1, 30))
    """
    if options.model not in RECOMMENDERS:
        raise TypeError(f"{type(options).__name__} are not the options of a recommender")
    strategy = strategy or tf.distribute.get_strategy()
    workers = Workers(strategy)
    request = TrainingRequest(catalogue, out, options, seed, split, split_seed)
    with ResumableTraining(request, workers) as training:
        if training.is_finished():
            return training.run
        parts = request.parts()
        settings = _fit_settings(options)
        if settings is not None:
            require_validation(parts, settings.monitor, split)
            for rows in (settings.batch_size, settings.negatives):
                require_divisible(rows, strategy.num_replicas_in_sync)
        with workers.chief_first():
            if "classifier" in getattr(options, "features", ()):
                frozen_features(catalogue)  # Outside of the strategy, and once.
        with strategy.scope():
            model = make_recommender(options, catalogue, parts, seed)
            if settings is not None:
                decay = keras.optimizers.schedules.CosineDecay(
                    settings.learning_rate, settings.epochs * parts.steps(settings.batch_size)
                )
                # Keras's "auto" would compile with XLA wherever there is one GPU.
                model.compile(
                    optimizer=LazyAdam(decay),
                    loss=ranking_loss(settings.loss, parts.num_items),
                    jit_compile=False,
                )
                model.optimizer.build(model.trainable_variables)
        run = training.begin()
        if settings is not None:
            history = getattr(options, "history", 0)
            _fit(training, model, catalogue, parts, settings, history, seed, schedule, callbacks)
        elif workers.is_chief:
            run.save_model(model)
        if workers.is_chief:
            run.write_vectors()
        training.finish()
    return run


def make_recommender(options: ModelOptions, catalogue: Catalogue, split: Split, seed: int) -> Any:
    """Creates the untrained model of some options.

    Args:
        options: Options of a recommender.
        catalogue: Catalogue whose categories, attributes and pictures it uses.
        split: Split whose training part is counted by models that count.
        seed: Seed of the initial weights.

    Raises:
        InputError: If an option does not fit the catalogue.
    """
    settings = {each.name for each in fields(FitSettings)}
    own = {name: value for name, value in vars(options).items() if name not in settings}
    return recommender_class(options.model).from_catalogue(catalogue, split, seed=seed, **own)


def _fit_settings(options: ModelOptions) -> FitSettings | None:
    if not isinstance(options, FitOptions):
        return None
    chosen = asdict(options)
    return FitSettings(**{each.name: chosen[each.name] for each in fields(FitSettings)})


def require_validation(parts: Split, monitor: str, split: SplitChoice) -> None:
    """Checks that a validation AUC can be measured.

    Args:
        parts: The parts of the split.
        monitor: Name of the AUC in `MONITORED`.
        split: The split as it was given.

    Raises:
        InputError: If it cannot.
    """
    if not (len(parts.train) and len(parts.validation)):
        raise InputError(f"{split} has no row of part train or none of part valid; add some.")
    if np.bincount(parts.train[:, 0]).max() >= parts.num_items:
        raise InputError("the split has a user with every item in training: leave some out.")
    ties = rank_held_out(
        lambda users: np.zeros((len(users), parts.num_items)), parts, "validation"
    ).means()
    if ties["auc_all"] is None:
        raise InputError("all validation users have all items: there is nothing to rank.")
    if ties[MONITORED[monitor]] is None:
        raise InputError(
            "--monitor auc_matched: no validation item has a rival of equally many training "
            "interactions that its user lacks; use --monitor auc."
        )


def _fit(
    training: ResumableTraining,
    model: Recommender,
    catalogue: Catalogue,
    parts: Split,
    settings: FitSettings,
    history: int,
    seed: int,
    schedule: CheckpointSchedule,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    workers, run = training.workers, training.run
    encoder = getattr(model, "encoder", None)
    pictures = None
    if encoder is not None:
        with workers.chief_first():
            pictures = encoder_inputs(catalogue, encoder)
    best = SaveBestModel(
        run if workers.is_chief else None,
        f"val_{settings.monitor}",
        settings.patience,
        training.progress,
    )
    try:
        training.fit(
            model,
            lambda start, context: triplets(
                parts,
                settings.batch_size,
                seed,
                pictures,
                # Only pictures can be mirrored, not what a frozen network has made of them.
                flip=pictures is not None and len(pictures.shape) == 4,
                negatives=settings.negatives,
                history=history,
                start=start,
                context=context,
            ),
            settings.epochs,
            parts.steps(settings.batch_size),
            [ValidationAUC(parts, pictures, workers), best, *callbacks],
            schedule,
        )
    except TrainingFailed:
        if workers.is_chief and (run.path / "model.keras").is_file():
            run.write_vectors()
        raise
