"""Training the conditional GAN into a run folder."""

from pathlib import Path

import keras
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.app.training.kept_epochs import LastEpoch
from keras_fashion.app.training.options import CheckpointSchedule, GANOptions
from keras_fashion.app.training.resumable_training import ResumableTraining
from keras_fashion.callbacks.generation_metrics import GenerationMetrics
from keras_fashion.callbacks.mode_collapse import ModeCollapseMonitor
from keras_fashion.callbacks.sample_grid import SampleGrid
from keras_fashion.data import Catalogue, labeled_pictures
from keras_fashion.data.batches import require_shareable
from keras_fashion.distribution.workers import Workers
from keras_fashion.errors import InputError
from keras_fashion.models import GAN_PRESETS, ConditionalGAN


def train_gan(
    catalogue: Catalogue,
    out: Path,
    options: GANOptions = GANOptions(),
    seed: int = 0,
    strategy: tf.distribute.Strategy | None = None,
    schedule: CheckpointSchedule = CheckpointSchedule(),
) -> Run:
    """Trains a conditional GAN on all pictures of a catalogue.

    A training that was interrupted or killed, or shall be longer, goes on where it stopped, on
    the same or other devices; one that is finished is returned as it is.

    Args:
        catalogue: What to learn from.
        out: The run folder, new, empty or that of the same training.
        options: Size, length and speed.
        seed: Decides initial weights, latents and order.
        strategy: On what to train, see `strategy_for`; by default on one device.
        schedule: When to write checkpoints.

    Raises:
        InputError: If the catalogue has fewer pictures than a batch or the devices cannot share
            one, the run in `out` is another training (more epochs are allowed), the scores that
            are asked for cannot be made (`GenerationMetrics`), or a checkpoint cannot be written.
        TrainingFailed: If it diverges, or the generator collapses; `model.keras` is that of the
            last good epoch.
        Terminated: If the process is told to end; the same call goes on.
    """
    strategy = strategy or tf.distribute.get_strategy()
    batch_size = options.batch_size or GAN_PRESETS[options.preset].batch_size
    if len(catalogue.item_ids) < batch_size:
        raise InputError(
            f"catalogue {catalogue.name} has {len(catalogue.item_ids)} pictures, fewer than a "
            f"batch of {batch_size}; give a smaller --batch-size."
        )
    require_shareable(batch_size, strategy.num_replicas_in_sync)
    if options.jit and strategy.num_replicas_in_sync > 1:
        raise InputError("--jit compiles for one device; leave it out, or give --devices 1.")
    workers = Workers(strategy)
    with (
        workers.report_lost_worker(),
        ResumableTraining(catalogue, out, options, seed, None, workers) as training,
    ):
        if training.found_finished():
            return training.run
        with workers.chief_first():
            pictures = catalogue.pictures(options.picture_size)
        # First, because they may refuse what is given: then no folder is left behind.
        watch = ModeCollapseMonitor(
            catalogue, options.picture_size, seed, training.progress.noted, workers
        )
        callbacks: list[keras.callbacks.Callback] = [watch]
        if workers.is_chief and options.metrics_every:
            callbacks.append(_scores(catalogue, options, seed))
        with strategy.scope():
            gan = _new_gan(catalogue, options, seed)
        run = training.begin()
        if workers.is_chief:
            callbacks.append(SampleGrid(run.path, every=options.grid_every, last=options.epochs))
        callbacks.append(LastEpoch(run if workers.is_chief else None, watch))
        training.fit(
            gan,
            lambda start, context: labeled_pictures(
                pictures, catalogue.item_categories, batch_size, seed, start=start, context=context
            ),
            options.epochs,
            len(catalogue.item_ids) // batch_size,
            callbacks,
            schedule,
        )
        training.finish()
    return run


def _scores(catalogue: Catalogue, options: GANOptions, seed: int) -> GenerationMetrics:
    return GenerationMetrics(
        catalogue,
        options.picture_size,
        options.metrics_every,
        options.num_metrics_pictures,
        options.inception,
        seed,
        options.epochs,
    )


def _new_gan(catalogue: Catalogue, options: GANOptions, seed: int) -> ConditionalGAN:
    keras.utils.set_random_seed(seed)
    return GAN_PRESETS[options.preset].make(
        len(catalogue.categories),
        options.picture_size,
        options.width,
        options.learning_rate,
        options.mixed_precision,
        options.jit,
        seed,
    )
