"""`keras-fashion prepare tfds`."""

import logging
from pathlib import Path
from typing import Any

import click

from keras_fashion.cli.prepare.from_source import from_source
from keras_fashion.datasets.source import Source


@click.command()
@click.argument("dataset", metavar="NAME")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where TFDS keeps its data.  [default: TFDS_DATA_DIR or ~/tensorflow_datasets]",
)
@click.option(
    "--manual-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of files fetched by hand, which are not downloaded.",
)
@click.option(
    "--split",
    "splits",
    multiple=True,
    help="Split to take, such as train; may be given several times.  [default: all]",
)
@from_source
def tfds(**options: Any) -> Source:
    """Prepare an image classification data set of TensorFlow Datasets: items without users.

    NAME is a data set that TFDS knows, such as fashion_mnist, emnist/letters or cifar10:3.0.2, or
    the folder of a prepared one. TFDS downloads it, unless that has been done.
    """
    from keras_fashion.datasets.tfds.tfds_classification import TFDSClassification

    for noisy in ("absl", "urllib3"):  # of folders that are not there yet, of each retry
        logging.getLogger(noisy).setLevel(logging.ERROR)
    return TFDSClassification(**options)
