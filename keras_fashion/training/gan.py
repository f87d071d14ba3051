"""Training the conditional GAN into a run folder."""

from dataclasses import asdict
from pathlib import Path

import keras

from keras_fashion.catalogue import Catalogue, labelled_pictures
from keras_fashion.errors import InputError
from keras_fashion.models import ConditionalGAN
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
    if len(catalogue.item_ids) < options.batch_size:
        raise InputError(
            f"catalogue {catalogue.name} has {len(catalogue.item_ids)} pictures, fewer than a "
            f"batch of {options.batch_size}; give a smaller --batch-size."
        )
    size = (options.picture_size, options.picture_size)
    keras.utils.set_random_seed(seed)
    # First, because the networks refuse an odd size: then no folder is left behind.
    gan = ConditionalGAN(
        len(catalogue.categories), size, options.code_size, options.width, seed=seed
    )
    gan.compile(
        keras.optimizers.Adam(options.learning_rate, beta_1=0.5, beta_2=0.99),
        keras.optimizers.Adam(options.learning_rate, beta_1=0.5, beta_2=0.99),
    )
    config = {"model": "gan", "seed": seed, "options": asdict(options)}
    run = Run.create(out, config, catalogue)
    batches = labelled_pictures(
        catalogue.pictures(size), catalogue.item_categories, options.batch_size, seed
    )
    grid = SampleGrid(run.path, every=options.grid_every)
    steps = len(catalogue.item_ids) // options.batch_size
    interrupted = fit(gan, batches, run, options.epochs, steps, [grid, KeepModel(run)])
    run.finish(interrupted)
    return run
