"""`keras-fashion prepare atelier`."""

from typing import Any

import click

from keras_fashion.cli.prepare.from_source import from_source
from keras_fashion.datasets.source import Source


@click.command()
@click.option(
    "--users", type=click.IntRange(1), default=600, show_default=True, help="How many shoppers."
)
@click.option(
    "--items", type=click.IntRange(1), default=2800, show_default=True, help="How many garments."
)
@click.option(
    "--size",
    type=click.IntRange(16),
    default=64,
    show_default=True,
    help="Side of the pictures, in pixels.",
)
@click.option(
    "--purchases",
    type=click.FloatRange(8),
    default=24,
    show_default=True,
    help="How many garments a shopper buys on average; each buys 8 at least.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Of everything drawn at random.",
)
@from_source
def atelier(**options: Any) -> Source:
    """Prepare the built-in world of drawn garments and shoppers of known taste."""
    from keras_fashion.datasets.atelier import Atelier

    return Atelier(**options)
