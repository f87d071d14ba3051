"""`keras-fashion prepare amazon`."""

from pathlib import Path
from typing import Any

import click

from keras_fashion.cli.prepare.from_source import from_source
from keras_fashion.datasets.source import Source


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
    from keras_fashion.datasets.amazon.amazon_reviews import AmazonReviews
    from keras_fashion.datasets.web_pictures.picture_fetcher import PictureFetcher

    fetcher = PictureFetcher(pictures, allow_private=allow_private, retry_failed=retry_failed)
    if no_fetch or click.get_current_context().params["check"]:
        fetcher = None
    return AmazonReviews(reviews, metadata, pictures, fetcher=fetcher, **options)
