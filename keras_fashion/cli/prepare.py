"""`keras-fashion prepare`: a source into a catalogue."""

from pathlib import Path
from typing import Any

import click

existing = click.Path(exists=True, path_type=Path)


@click.group()
def prepare() -> None:
    """Prepare a catalogue: items with pictures, and who bought what."""


@prepare.command("csv")
@click.option("--interactions", type=existing, required=True, help="CSV file, a row a purchase.")
@click.option("--items", type=existing, required=True, help="CSV file, a row an item.")
@click.option("--images", type=existing, required=True, help="Folder, .tar or .zip of pictures.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to make.")
@click.option("--user-column", default="user", show_default=True, help="In --interactions.")
@click.option("--item-column", default="item", show_default=True, help="In both files.")
@click.option("--time-column", help="In --interactions.  [default: time, if there is one]")
@click.option("--category-column", default="category", show_default=True, help="In --items.")
@click.option(
    "--attribute-column",
    "attribute_columns",
    multiple=True,
    help="In --items: a further category to keep, such as the colour; may be repeated.",
)
@click.option("--name", help="Of the catalogue.  [default: that of the --out folder]")
@click.option(
    "--on-bad",
    type=click.Choice(["skip", "refuse"]),
    default="skip",
    show_default=True,
    help="Leave out what cannot be used, counted and listed, or stop at it.",
)
def prepare_csv(**options: Any) -> None:
    """Prepare a shop's own export.

    An item's picture is the file whose name, without its ending, is the item's id.
    """
    from keras_fashion.datasets.csv_files import prepare_csv

    _say(prepare_csv(**options), options["out"])


@prepare.command("atelier")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to make.")
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
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Of everything drawn at random.",
)
def prepare_atelier(out: Path, users: int, items: int, size: int, seed: int) -> None:
    """Prepare the built-in world of drawn garments and shoppers of known taste."""
    from keras_fashion.datasets.atelier import prepare_atelier

    _say(prepare_atelier(out, seed, users, items, size), out)


def _say(facts: dict, out: Path) -> None:
    attributes = f" with {len(facts['attributes'])} attribute(s)" if facts["attributes"] else ""
    click.echo(
        f"{out}: {facts['items']:,} items in {len(facts['categories'])} categories{attributes}, "
        f"{facts['users']:,} users, {facts['interactions']:,} interactions"
    )
    for reason, count in facts["skipped"].items():
        click.echo(f"  left out: {count:,} x {reason}")
    if facts["skipped"]:
        click.echo(f"  each is listed in {out / 'skipped.csv'}")
