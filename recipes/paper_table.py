"""The rows of the paper's table with its settings, for amazon_fashion.py and tradesy.py.

`keras-fashion prepare dvbpr` makes the catalogue of the released file, with the authors' own
partition beside it, which `--split` takes. Without it users with fewer than five items are left
out, and one interaction of each is held out for validation and one for test. Otherwise than the
released code we draw interactions where it draws users, let the learning rate fall along a cosine,
stop early, mirror half of the pictures and evaluate on all negatives, not on 100 of them, which
gives the same mean at three decimals.
"""

from pathlib import Path

import click

from keras_fashion.app.cli import PlainCommand, quiet_tensorflow

quiet_tensorflow()

# ruff: noqa: E402
from keras_fashion.app import (
    ModelOptions,
    compare_runs,
    recommender_options,
    require_finished,
    train_recommender,
)
from keras_fashion.app.report import comparison_text, write_comparison
from keras_fashion.data import Catalogue

PICTURES = ("inception_v3",)

ROWS: dict[str, ModelOptions] = {
    "warp": recommender_options("warp", latent_size=100),
    "bprmf": recommender_options("bprmf", latent_size=100),
    "visrank": recommender_options("visrank", features=PICTURES),
    "fm": recommender_options("fm", latent_size=100),
    "vbpr": recommender_options("vbpr", features=PICTURES, embedding_size=100, latent_size=100),
    "dvbpr": recommender_options(
        "dvbpr",
        encoder="cnnf",
        picture_size=224,
        embedding_size=100,
        batch_size=128,
        learning_rate=1e-4,
        epochs=20,
    ),
}
"""The rows of the paper's table; of DVBPR the constants of its released code, the others ours."""


@click.command(cls=PlainCommand)
@click.argument("catalogue", type=click.Path(exists=True, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Run folders.")
@click.option(
    "--split",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Such as CATALOGUE/split.csv.  [default: leave one out]",
)
@click.option("--only", multiple=True, type=click.Choice(list(ROWS)), help="Some rows only.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of everything but the split.",
)
def paper_table(
    catalogue: Path, out: Path, split: Path | None, only: tuple[str, ...], seed: int
) -> None:
    """Trains each row of the table and compares them on the test part."""
    loaded = Catalogue.load(catalogue)
    runs = []
    for row in only or ROWS:
        click.echo(f"{row}: {ROWS[row]}", err=True)
        run = out / row
        runs.append(
            require_finished(train_recommender(loaded, run, ROWS[row], split=split, seed=seed))
        )
    comparison = compare_runs(runs)
    write_comparison(out / "comparison.html", comparison, loaded.name)
    click.echo(comparison_text(comparison))
