"""`keras-fashion prepare`: a source into a catalogue, a module a source."""

import click

from keras_fashion.cli.prepare.amazon import amazon
from keras_fashion.cli.prepare.atelier import atelier
from keras_fashion.cli.prepare.dvbpr import dvbpr
from keras_fashion.cli.prepare.shop import shop
from keras_fashion.cli.prepare.tfds import tfds

__all__ = ["prepare"]


@click.group()
def prepare() -> None:
    """Prepare a catalogue: items with pictures, and who bought what."""


for command in (amazon, atelier, dvbpr, shop, tfds):
    prepare.add_command(command)
