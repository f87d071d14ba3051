"""`keras-fashion prepare`: a catalogue from each kind of source."""

import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Literal

import click

from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow
from keras_fashion.data.sources.source import Source

OPTIONS = (
    click.option("--out", type=click.Path(path_type=Path), help="Folder to make."),
    click.option("--name", help="Of the catalogue.  [default: that of the --out folder]"),
    click.option(
        "--on-bad",
        type=click.Choice(["skip", "refuse"]),
        default="skip",
        show_default=True,
        help="Leave out what cannot be used, counted and listed, or stop at it.",
    ),
    click.option(
        "--check", is_flag=True, help="Read everything, write nothing, and say what would be done."
    ),
    click.option(
        "--beam-runner",
        help="Read and write pictures on an Apache Beam runner: DirectRunner, FlinkRunner, "
        "SparkRunner, DataflowRunner.  [default: this process]",
    ),
    click.option(
        "--beam-option",
        "beam_options",
        multiple=True,
        metavar="NAME=VALUE",
        help="Of the runner, such as direct_num_workers=2; may be given several times.",
    ),
)


def from_source(make: Callable[..., Source]) -> Callable[..., None]:
    """Makes a command's function of one that turns the command's own options into a source."""

    @wraps(make)
    def run(
        out: Path | None,
        name: str | None,
        on_bad: Literal["skip", "refuse"],
        check: bool,
        beam_runner: str | None,
        beam_options: tuple[str, ...],
        **own: Any,
    ) -> None:
        if (out is None) is not check:
            raise click.UsageError("give either --out FOLDER or --check.")
        quiet_tensorflow()
        from keras_fashion.data import check as check_source
        from keras_fashion.data import prepare

        source = make(**own)
        if check:
            _say(check_source(source, name or source.name, on_bad), "would make")
            return
        facts = prepare(source, out, name, on_bad, beam_runner, beam_options)
        _say(facts, f"{out}:")
        if facts["skipped"]:
            click.echo(f"  each is listed in {out / 'skipped.csv'}")

    for decorate in reversed(OPTIONS):
        run = decorate(run)
    return run


def _say(facts: dict, beginning: str) -> None:
    attributes = f" with {len(facts['attributes'])} attribute(s)" if facts["attributes"] else ""
    click.echo(
        f"{beginning} {facts['items']:,} items in {len(facts['categories'])} categories"
        f"{attributes}, {facts['users']:,} users, {facts['interactions']:,} interactions"
    )
    for reason, count in facts["skipped"].items():
        click.echo(f"  left out: {count:,} x {reason}")


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
    help="In --items: a further category to keep, such as the color; may be repeated.",
)
@from_source
def shop(**options: Any) -> Source:
    """Prepare a shop's own export.

    An item's picture is the file whose name, without its ending, is the item's id. Columns that
    are not named are guessed from their names and content, and shown.
    """
    from keras_fashion.data.sources.shop.shop_files import ShopFiles

    source = ShopFiles(**options)
    click.echo(f"columns: {source.guessed}", err=True)
    return source


@click.command()
@click.option(
    "--reviews",
    type=click.Path(path_type=Path),
    required=True,
    help="Such as reviews_Clothing_Shoes_and_Jewelry_5.json.gz or Amazon_Fashion.jsonl.gz.",
)
@click.option(
    "--metadata",
    type=click.Path(path_type=Path),
    required=True,
    help="Of the same edition, such as meta_Clothing_Shoes_and_Jewelry.json.gz.",
)
@click.option(
    "--pictures",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder of the pictures; those that are missing are fetched into it.",
)
@click.option(
    "--category",
    "categories",
    multiple=True,
    help="Take only items in this category, at any level, such as Women; may be given several "
    "times.  [default: all]",
)
@click.option(
    "--category-level",
    type=click.IntRange(1),
    default=4,
    show_default=True,
    help='How far down its path an item\'s category is: 4 is "Women / Clothing / Dresses", below '
    "the department.",
)
@click.option(
    "--core",
    type=click.IntRange(2),
    help="Take only users and items that have so many of each other.  [default: all]",
)
@click.option("--no-fetch", is_flag=True, help="Make do with the pictures that are there.")
@click.option(
    "--retry-failed",
    is_flag=True,
    help="Also ask again for what was no picture or not there the last time.",
)
@click.option(
    "--allow-private",
    is_flag=True,
    help="Also fetch from addresses that are not on the public internet.",
)
@from_source
def amazon(
    reviews: Path,
    metadata: Path,
    pictures: Path,
    no_fetch: bool,
    retry_failed: bool,
    allow_private: bool,
    **options: Any,
) -> Source:
    """Prepare Amazon Reviews of 2014, 2018 or 2023.

    Pictures are fetched politely, at most four at once from a server, and Ctrl-C keeps what is
    there: the same command goes on. What became of each address is in manifest.csv beside the
    pictures. With --check nothing is fetched.
    """
    from keras_fashion.data.sources.amazon.reviews import AmazonReviews
    from keras_fashion.data.sources.web_pictures.picture_fetcher import PictureFetcher

    fetcher = PictureFetcher(pictures, allow_private=allow_private, retry_failed=retry_failed)
    if no_fetch or click.get_current_context().params["check"]:
        fetcher = None
    return AmazonReviews(reviews, metadata, pictures, fetcher=fetcher, **options)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@from_source
def dvbpr(file: Path) -> Source:
    """Prepare one of the paper's files, such as AmazonFashion6ImgPartitioned.npy.

    FILE is a pickle of Python 2; nothing that it says is run. Beside the catalogue stands the
    paper's partition, for `keras-fashion train ... --split CATALOGUE/split.csv`.
    """
    from keras_fashion.data.sources.dvbpr.npy import DVBPRNpy

    return DVBPRNpy(file)


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
    from keras_fashion.data.sources.tfds.classification import TFDSClassification

    for noisy in ("absl", "urllib3"):  # of folders that are not there yet, of each retry
        logging.getLogger(noisy).setLevel(logging.ERROR)
    return TFDSClassification(**options)


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
    from keras_fashion.data.sources.atelier import Atelier

    return Atelier(**options)


@click.group()
def prepare() -> None:
    """Prepare a catalogue: items with pictures, and who bought what."""


for command in (amazon, atelier, dvbpr, shop, tfds):
    prepare.add_command(command)
