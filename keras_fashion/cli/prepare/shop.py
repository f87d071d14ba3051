"""`keras-fashion prepare shop`."""

from pathlib import Path
from typing import Any

import click

from keras_fashion.cli.prepare.from_source import from_source
from keras_fashion.datasets.source import Source

existing = click.Path(exists=True, path_type=Path)


@click.command()
@click.option(
    "--interactions", type=existing, required=True, help="CSV or Parquet file, a row a purchase."
)
@click.option("--items", type=existing, required=True, help="CSV or Parquet file, a row an item.")
@click.option("--images", type=existing, required=True, help="Folder, .tar or .zip of pictures.")
@click.option("--user-column", help="In --interactions.  [default: guessed]")
@click.option("--item-column", help="In both files.  [default: guessed]")
@click.option("--time-column", help="In --interactions.  [default: guessed, if there is one]")
@click.option("--category-column", help="In --items.  [default: guessed]")
@click.option(
    "--attribute-column",
    "attribute_columns",
    multiple=True,
    help="In --items: a further category to keep, such as the colour; may be repeated.",
)
@from_source
def shop(**options: Any) -> Source:
    """Prepare a shop's own export.

    An item's picture is the file whose name, without its ending, is the item's id. Columns that
    are not named are guessed from their names and content, and shown.
    """
    from keras_fashion.datasets.shop.shop_files import ShopFiles

    source = ShopFiles(**options)
    click.echo(f"columns: {source.guessed}", err=True)
    return source
