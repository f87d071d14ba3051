"""Training the conditional GAN into a run folder."""

from dataclasses import asdict
from pathlib import Path

import keras

from keras_fashion.catalogue import Catalogue, labelled_pictures
from keras_fashion.errors import InputError
from keras_fashion.models import GAN_PRESETS
from keras_fashion.run import Run
from keras_fashion.training.fit import KeepModel, fit
from keras_fashion.training.options import GANOptions
from keras_fashion.training.sample_grid import SampleGrid


def train_gan(
    catalogue: Catalogue, out: Path, options: GANOptions = GANOptions(), seed: int = 0
) -> Run:
    """Trains a conditional GAN on all pictures of a catalogue.

    Args:
        catalogue: What to learn from.
        out: The run folder, new or empty.
        options: Size, length and speed.
        seed: Decides initial weights, codes and order.

    Raises:
        InputError: If the catalogue has fewer pictures than a batch.
    """
    preset = GAN_PRESETS[options.preset]
    batch_size = options.batch_size or preset.batch_size
    if len(catalogue.item_ids) < batch_size:
        raise InputError(
            f"catalogue {catalogue.name} has {len(catalogue.item_ids)} pictures, fewer than a "
            f"batch of {batch_size}; give a smaller --batch-size."
        )
    keras.utils.set_random_seed(seed)
    # First, because the networks refuse an odd size: then no folder is left behind.
    gan = preset.make(
        len(catalogue.categories),
        options.picture_size,
        options.width,
        options.learning_rate,
        options.mixed_precision,
        options.jit,
        seed,
    )
    config = {"model": "gan", "seed": seed, "options": asdict(options)}
    run = Run.create(out, config, catalogue)
    batches = labelled_pictures(
        catalogue.pictures(options.picture_size), catalogue.item_categories, batch_size, seed
    )
    grid = SampleGrid(run.path, every=options.grid_every)
    steps = len(catalogue.item_ids) // batch_size
    interrupted = fit(gan, batches, run, options.epochs, steps, [grid, KeepModel(run)])
    run.finish(interrupted)
    return run
