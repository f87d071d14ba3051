"""Training of the conditional GAN into a run folder."""

from pathlib import Path

import keras
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.app.run_checks import require_gan
from keras_fashion.app.training.model_saving import SaveLastModel
from keras_fashion.app.training.options import CheckpointSchedule, GANOptions
from keras_fashion.app.training.resumable_training import ResumableTraining
from keras_fashion.app.training.training_request import TrainingRequest
from keras_fashion.callbacks.generation_metrics import GenerationMetrics
from keras_fashion.callbacks.mode_collapse import ModeCollapseMonitor
from keras_fashion.callbacks.realism_calibrator import RealismCalibrator
from keras_fashion.callbacks.sample_grid import SampleGrid
from keras_fashion.data import Catalogue, labeled_pictures
from keras_fashion.data.batches import require_divisible
from keras_fashion.distribution.workers import Workers
from keras_fashion.errors import InputError
from keras_fashion.features import region_bank
from keras_fashion.models import GAN_PRESETS, ConditionalGAN, EnergyGAN, warm_start


def train_gan(
    catalogue: Catalogue,
    out: Path,
    options: GANOptions = GANOptions(),
    seed: int = 0,
    strategy: tf.distribute.Strategy | None = None,
    schedule: CheckpointSchedule = CheckpointSchedule(),
) -> Run:
    """Trains a conditional GAN on all pictures of a catalogue into a run folder.

    A training that was interrupted or killed is resumed where it stopped, on the same or other
    devices. A finished run is returned as it is, or trained further if it is given more epochs.

    Args:
        catalogue: Catalogue to learn from.
        out: Run folder: new, empty, or that of the same training.
        options: Options of the model.
        seed: Seed of the initial weights, of the latents and of the order of the pictures.
        strategy: Strategy to train with, see `strategy_for`; by default on one device.
        schedule: When to write checkpoints.

    Returns:
        The run.

    Raises:
        InputError: If the run in `out` is another training, the weights of `options.start_from` do
            not fit (`warm_start`), the catalogue has fewer pictures than a batch, the preset
            compares the pictures of a batch and it has only one, the devices cannot share a batch,
            the generated pictures cannot be scored (`GenerationMetrics`), the training is
            interrupted in its first epoch, or a checkpoint cannot be written.
        TrainingFailed: If it diverges or the generator collapses. `model.keras` is that of the
            last good epoch.
        Terminated: After SIGTERM; the same call resumes the training.
    """
    strategy = strategy or tf.distribute.get_strategy()
    batch_size = options.batch_size or GAN_PRESETS[options.preset].batch_size
    if len(catalogue.item_ids) < batch_size:
        raise InputError(
            f"catalogue {catalogue.name} has {len(catalogue.item_ids)} pictures, fewer than a "
            f"batch of {batch_size}; give a smaller --batch-size."
        )
    if batch_size < 2 and issubclass(GAN_PRESETS[options.preset].model, EnergyGAN):
        raise InputError(
            f"the preset {options.preset} compares the generated pictures of a batch with each "
            "other, so that it needs at least 2; give a larger --batch-size."
        )
    require_divisible(batch_size, strategy.num_replicas_in_sync)
    if options.jit and strategy.num_replicas_in_sync > 1:
        raise InputError("--jit compiles for one device; omit it, or give --devices 1.")
    workers = Workers(strategy)
    with ResumableTraining(TrainingRequest(catalogue, out, options, seed), workers) as training:
        if training.is_finished():
            return training.run
        with workers.chief_first():
            pictures = catalogue.pictures(options.picture_size)
        # These may refuse their arguments, so they are made before the folder.
        monitor = ModeCollapseMonitor(
            catalogue, options.picture_size, seed, training.progress.callback_state, workers
        )
        calibrator = RealismCalibrator(catalogue, options.picture_size, seed, workers)
        callbacks: list[keras.callbacks.Callback] = [monitor, calibrator]
        if workers.is_chief and options.metrics_every:
            callbacks.append(_make_metrics(catalogue, options, seed))
        with strategy.scope():
            gan = _make_gan(catalogue, options, seed)
        # A training that is resumed has its weights, and the run may be gone.
        if options.start_from is not None and training.is_new:
            start = require_gan(Run(options.start_from))
            warm_start(gan, start.model, catalogue.categories, start.catalogue.categories)
        features = None
        if isinstance(gan, EnergyGAN):
            with workers.chief_first():
                bank = region_bank(catalogue, options.picture_size, options.mixed_precision)
            gan.match(bank.features)
            features = bank.rows
        run = training.begin()
        if workers.is_chief:
            folder, logs = run.path / "samples", run.path / "logs" / "samples"
            callbacks.append(SampleGrid(folder, log_dir=logs, every=options.grid_every))
        callbacks.append(SaveLastModel(run if workers.is_chief else None, monitor))
        training.fit(
            gan,
            lambda start, context: labeled_pictures(
                pictures,
                catalogue.item_categories,
                batch_size,
                seed,
                start=start,
                context=context,
                features=features,
                category_power=GAN_PRESETS[options.preset].category_power,
            ),
            options.epochs,
            len(catalogue.item_ids) // batch_size,
            callbacks,
            schedule,
        )
        training.finish()
    return run


def _make_metrics(catalogue: Catalogue, options: GANOptions, seed: int) -> GenerationMetrics:
    return GenerationMetrics(
        catalogue,
        options.picture_size,
        metrics_every=options.metrics_every,
        num_metrics_pictures=options.num_metrics_pictures,
        inception=options.inception,
        seed=seed,
    )


def _make_gan(catalogue: Catalogue, options: GANOptions, seed: int) -> ConditionalGAN:
    return GAN_PRESETS[options.preset].make(
        len(catalogue.categories),
        options.picture_size,
        options.width,
        options.learning_rate,
        options.mixed_precision,
        options.jit,
        seed,
    )
