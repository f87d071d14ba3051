"""`keras-fashion prepare`: a catalogue from each kind of source."""

import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Literal

import click

from keras_fashion.app.cli.parameters import EXISTING, seed_option
from keras_fashion.app.cli.plain_errors import PlainGroup
from keras_fashion.app.cli.startup import quiet_tensorflow
from keras_fashion.data.sources.source import Source


def from_source(make_source: Callable[..., Source]) -> Callable[..., None]:
    """Turns a function that makes a source into the function of a command that prepares it.

    Args:
        make_source: Function of a command's own options that returns a source.

    Returns:
        A function with these options and those in `SHARED_OPTIONS`. It prepares the source and
        prints what the catalogue holds, or with `--check` what it would hold.
    """

    @wraps(make_source)
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

        source = make_source(**own)
        if out is None:
            facts = check_source(source, name or source.name, on_bad)
            click.echo("\n".join(["would make " + _contents(facts), *_skipped(facts)]))
            return
        facts = prepare(source, out, name, on_bad, beam_runner, beam_options)
        click.echo("\n".join([f"{out}: {_contents(facts)}", *_skipped(facts)]))
        if facts["skipped"]:
            click.echo(f"  each is listed in {out / 'skipped.csv'}")

    for decorate in reversed(SHARED_OPTIONS):
        run = decorate(run)
    return run


SHARED_OPTIONS = (
    click.option("--out", type=click.Path(path_type=Path), help="Folder to make."),
    click.option("--name", help="Name of the catalogue.  [default: that of the --out folder]"),
    click.option(
        "--on-bad",
        type=click.Choice(["skip", "refuse"]),
        default="skip",
        show_default=True,
        help="Leave out records that cannot be used, counted and listed, or stop at the first.",
    ),
    click.option(
        "--check",
        is_flag=True,
        help="Read everything, write nothing, and print what would be made.",
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
        help="Option of the runner, such as direct_num_workers=2; may be given several times.",
    ),
)
"""Options of every command."""


def _contents(facts: dict[str, Any]) -> str:
    attributes = f" with {len(facts['attributes'])} attribute(s)" if facts["attributes"] else ""
    return (
        f"{facts['items']:,} items in {len(facts['categories'])} categories{attributes}, "
        f"{facts['users']:,} users, {facts['interactions']:,} interactions"
    )


def _skipped(facts: dict[str, Any]) -> list[str]:
    return [f"  left out: {count:,} x {reason}" for reason, count in facts["skipped"].items()]


@click.group(cls=PlainGroup)
def prepare() -> None:
    """Prepare a catalogue from one of several sources.

    A catalogue holds items with pictures, and who bought what.
    """


@prepare.command()
@click.option(
    "--interactions",
    type=EXISTING,
    required=True,
    help="CSV or Parquet file with a row for each purchase.",
)
@click.option(
    "--items", type=EXISTING, required=True, help="CSV or Parquet file with a row for each item."
)
@click.option("--images", type=EXISTING, required=True, help="Folder, .tar or .zip of pictures.")
@click.option("--user-column", help="Column of --interactions.  [default: guessed]")
@click.option("--item-column", help="Column of both files.  [default: guessed]")
@click.option("--time-column", help="Column of --interactions.  [default: guessed, or none]")
@click.option("--category-column", help="Column of --items.  [default: guessed]")
@click.option(
    "--attribute-column",
    "attribute_columns",
    multiple=True,
    help="Further column of --items to keep, such as the color; may be given several times.",
)
@from_source
def shop(**options: Any) -> Source:
    """Prepare the files of a shop.

    An item's picture is the file whose name, without its suffix, is the item's id. Columns that
    are not named are guessed from their names and contents, and printed.
    """
    from keras_fashion.data.sources.shop.shop_files import ShopFiles

    source = ShopFiles(**options)
    click.echo(f"columns: {source.columns_summary}", err=True)
    return source


@prepare.command()
@click.option(
    "--reviews",
    type=click.Path(path_type=Path),
    required=True,
    help="File such as reviews_Clothing_Shoes_and_Jewelry_5.json.gz or Amazon_Fashion.jsonl.gz.",
)
@click.option(
    "--metadata",
    type=click.Path(path_type=Path),
    required=True,
    help="File of the same edition, such as meta_Clothing_Shoes_and_Jewelry.json.gz.",
)
@click.option(
    "--pictures",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder of the pictures, to which missing ones are downloaded.",
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
    help="Level of an item's category in its path, where the department is level 1; 4 is, for "
    'example, "Women / Clothing / Dresses".',
)
@click.option(
    "--core",
    type=click.IntRange(2),
    help="Take only users and items with at least this number of each other.  [default: all]",
)
@click.option("--no-fetch", is_flag=True, help="Use only the pictures that are in the folder.")
@click.option(
    "--retry-failed",
    is_flag=True,
    help="Request again the addresses that had no picture the last time.",
)
@click.option(
    "--allow-private",
    is_flag=True,
    help="Download also from addresses that are not on the public internet.",
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

    At most four pictures at once are downloaded from a server. After Ctrl-C the same command goes
    on with the pictures that are missing. The result of each download is in manifest.csv beside
    the pictures. With --check nothing is downloaded.
    """
    from keras_fashion.data.sources.amazon.reviews import AmazonReviews
    from keras_fashion.data.sources.web_pictures.picture_fetcher import PictureFetcher

    fetcher: PictureFetcher | None = PictureFetcher(
        pictures, allow_private=allow_private, retry_failed=retry_failed
    )
    if no_fetch or click.get_current_context().params["check"]:
        fetcher = None
    return AmazonReviews(reviews, metadata, pictures, fetcher=fetcher, **options)


@prepare.command()
@click.argument("file", type=click.Path(path_type=Path))
@from_source
def dvbpr(file: Path) -> Source:
    """Prepare a file of the DVBPR paper, such as AmazonFashion6ImgPartitioned.npy.

    FILE is a pickle of Python 2, of which no code is run. The paper's partition is written to the
    catalogue's folder, for `keras-fashion train ... --split CATALOGUE/split.csv`.
    """
    from keras_fashion.data.sources.dvbpr.npy import DVBPRNpy

    return DVBPRNpy(file)


@prepare.command()
@click.argument("dataset", metavar="NAME")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of TFDS data sets.  [default: TFDS_DATA_DIR or ~/tensorflow_datasets]",
)
@click.option(
    "--manual-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of files that were downloaded by hand, which TFDS does not download.",
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

    NAME is a data set of TFDS, such as fashion_mnist, emnist/letters or cifar10:3.0.2, or the
    folder of a prepared one. TFDS downloads the data set if it is not there yet.
    """
    from keras_fashion.data.sources.tfds.classification import TFDSClassification

    # They warn of folders that do not exist yet, and of every retry of a download.
    for name in ("absl", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return TFDSClassification(**options)


@prepare.command()
@click.option(
    "--users", type=click.IntRange(1), default=600, show_default=True, help="Number of shoppers."
)
@click.option(
    "--items", type=click.IntRange(1), default=2800, show_default=True, help="Number of garments."
)
@click.option(
    "--size",
    type=click.IntRange(16),
    default=64,
    show_default=True,
    help="Side length of the pictures, in pixels.",
)
@click.option(
    "--purchases",
    type=click.FloatRange(8),
    default=24,
    show_default=True,
    help="Mean number of garments that a shopper buys; each buys at least 8.",
)
@click.option(
    "--drift",
    type=click.FloatRange(0),
    help="Strength, in nats, of a trend, a season and a demand for categories by month, by which "
    "what is liked changes over three years, such as 1.5.  [default: one year without changes]",
)
@seed_option("Seed of everything that is drawn at random.", maximum=None)
@from_source
def atelier(**options: Any) -> Source:
    """Prepare the built-in synthetic data set: drawn garments, shoppers of known preferences."""
    from keras_fashion.data.sources.atelier import Atelier

    return Atelier(**options)
