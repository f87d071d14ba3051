"""Training the conditional GAN into a run folder."""

import sys
from dataclasses import asdict
from pathlib import Path

import keras

from keras_fashion.catalogue import Catalogue, labelled_pictures
from keras_fashion.errors import InputError
from keras_fashion.models import GAN_PRESETS, ConditionalGAN
from keras_fashion.run import Run
from keras_fashion.training.collapse_watch import CollapseWatch
from keras_fashion.training.fit import fit
from keras_fashion.training.keep_training import KeepTraining
from keras_fashion.training.options import GANOptions
from keras_fashion.training.resumed_run import resumed_run, take_up
from keras_fashion.training.sample_grid import SampleGrid
from keras_fashion.training.scheduled_scores import ScheduledScores


def train_gan(
    catalogue: Catalogue,
    out: Path,
    options: GANOptions = GANOptions(),
    seed: int = 0,
    resume: bool = False,
) -> Run:
    """Trains a conditional GAN on all pictures of a catalogue.

    A training that was interrupted, killed or shall be longer goes on where it stopped. The
    networks come out as if it had never stopped, but for the rounding of sums that TensorFlow
    makes in no fixed order. An epoch that had begun is finished first; its losses in
    `history.csv` are then means over the rest of it.

    Args:
        catalogue: What to learn from.
        out: The run folder, new or empty, or that of the run to resume.
        options: Size, length and speed.
        seed: Decides initial weights, codes and order.
        resume: Whether to go on with the run in `out`. One that is finished is returned as it is.

    Raises:
        InputError: If the catalogue has fewer pictures than a batch, the run in `out` was not
            made with this catalogue, seed and options (more epochs are allowed), or the scores
            that are asked for cannot be made, see `ScheduledScores`.
    """
    batch_size = options.batch_size or GAN_PRESETS[options.preset].batch_size
    if len(catalogue.item_ids) < batch_size:
        raise InputError(
            f"catalogue {catalogue.name} has {len(catalogue.item_ids)} pictures, fewer than a "
            f"batch of {batch_size}; give a smaller --batch-size."
        )
    if not resume and (out / "model.keras").is_file():
        raise InputError(
            f"{out} exists and is not empty; name another folder with --out, or go on with its "
            "training with --resume."
        )
    steps = len(catalogue.item_ids) // batch_size
    kept = resumed_run(catalogue, out, options, seed) if resume else None
    if kept is not None and (kept.path / "model.keras").is_file():
        run, gan = kept, kept.model
        done = int(gan.discriminator_optimizer.iterations)
        if done >= options.epochs * steps:
            _call_finished(run, options, done // steps)
            return run
        # Keras saves no SeedGenerator: it is [seed, draws], and codes are drawn once a step.
        gan.seed_generator.state.assign([seed, done])
        watches = _watches(catalogue, options, seed)
        take_up(run, options, done // steps)
    else:
        # First, because they may refuse what is given: then no folder is left behind.
        gan = _new_gan(catalogue, options, seed)
        watches = _watches(catalogue, options, seed)
        config = {"model": options.model, "seed": seed, "options": asdict(options)}
        run, done = Run.create(out, config, catalogue), 0
    grid = SampleGrid(run.path, every=options.grid_every, last=options.epochs)
    pictures = catalogue.pictures(options.picture_size)
    keep = KeepTraining(run)
    interrupted = False
    for first, last, length in parts(done, steps, options.epochs):
        batches = labelled_pictures(
            pictures, catalogue.item_categories, batch_size, seed, start=max(done, first * steps)
        )
        interrupted = fit(gan, batches, run, last, length, [*watches, grid], first, keep)
        if interrupted or keep.diverged:
            break
    run.finish(interrupted or keep.diverged)
    if keep.diverged:
        raise InputError(f"{run.path} diverged; what it held before stands. Train anew.")
    return run


def parts(done: int, steps: int, epochs: int) -> list[tuple[int, int, int]]:
    """What is left of a training, as (first epoch, last epoch, steps in each of them).

    Keras has one length for all epochs of a `fit`: what is left of one that was interrupted is a
    `fit` of its own.

    Args:
        done: Steps that were trained, fewer than there are in all.
        steps: In a whole epoch.
        epochs: In all.
    """
    whole, begun = divmod(done, steps)
    rest = [(whole, whole + 1, steps - begun)] if begun else []
    whole += len(rest)
    return rest + ([(whole, epochs, steps)] if whole < epochs else [])


def _call_finished(run: Run, options: GANOptions, epochs_done: int) -> None:
    if run.metrics.get("interrupted", True):  # killed after its last epoch was kept
        take_up(run, options, epochs_done)
        run.finish()
    print(
        f"{run.path} is finished: it has its {options.epochs} epochs; for more of them give a "
        "larger --epochs.",
        file=sys.stderr,
    )


def _watches(
    catalogue: Catalogue, options: GANOptions, seed: int
) -> list[keras.callbacks.Callback]:
    """What looks at the generated pictures after an epoch."""
    size = options.picture_size
    watches: list[keras.callbacks.Callback] = [CollapseWatch(catalogue, size, seed)]
    if options.metrics_every:
        watches.append(
            ScheduledScores(
                catalogue,
                size,
                options.metrics_every,
                options.metrics_count,
                options.inception,
                seed,
                options.epochs,
            )
        )
    return watches


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
