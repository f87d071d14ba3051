"""`keras-fashion prepare dvbpr`."""

from pathlib import Path

import click

from keras_fashion.cli.prepare.from_source import from_source
from keras_fashion.datasets.source import Source


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@from_source
def dvbpr(file: Path) -> Source:
    """Prepare one of the paper's files, such as AmazonFashion6ImgPartitioned.npy.

    FILE is a pickle of Python 2; nothing that it says is run. Beside the catalogue stands the
    paper's partition, for `keras-fashion train ... --split CATALOGUE/split.csv`.
    """
    from keras_fashion.datasets.dvbpr.dvbpr_npy import DVBPRNpy

    return DVBPRNpy(file)
