"""`keras-fashion redesign`: an item that is changed step by step toward a user's preferences."""

import json
from math import isfinite
from pathlib import Path

import click

from keras_fashion.app.cli.parameters import (
    EXISTING,
    check_item_or_picture,
    hold_option,
    json_option,
    out_folder_option,
)
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow
from keras_fashion.design.procedure import PROCEDURES

MAX_REFERENCES = 300
"""Largest number of items of the category to whose variety changes are compared."""


@click.command(cls=PlainCommand)
@click.argument("recommender", type=EXISTING)
@click.argument("gan", type=EXISTING)
@click.option("--user", "user_id", required=True, help="Id of the user.")
@click.option("--item", "item_id", help="Id of the item to change.")
@click.option(
    "--picture",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Picture file to change instead of an item; with --category.",
)
@click.option("--category", help="Category of --picture.")
@click.option(
    "--frames",
    type=click.IntRange(2),
    default=6,
    show_default=True,
    help="Number of pictures from the item to the redesign, with both ends.",
)
@click.option(
    "--eta",
    type=click.FloatRange(0),
    default=PROCEDURES["default"].eta,
    show_default=True,
    help="Weight of realism.",
)
@click.option(
    "--proximity",
    type=click.FloatRange(0),
    default=3.0,
    show_default=True,
    help="Weight of similarity to the item; with 0 the redesign may differ from it in any way.",
)
@hold_option
@out_folder_option
@json_option
def redesign(
    recommender: Path,
    gan: Path,
    user_id: str,
    item_id: str | None,
    picture: Path | None,
    category: str | None,
    frames: int,
    eta: float,
    proximity: float,
    hold: tuple[str, ...],
    out: Path,
    as_json: bool,
) -> None:
    """Change an item step by step toward a user's preferences.

    Takes the runs of a DVBPR and of a GAN, and an item of the catalogue or any picture. Writes
    frame_1.png, the generator's nearest picture to the item, and so on to the redesign,
    latents.npy with the latent of each, and sheet.png. Says in words what has changed since
    frame_1.png.
    """
    check_item_or_picture(item_id, picture, category)
    if not isfinite(eta) or not isfinite(proximity):
        raise click.UsageError("--eta and --proximity are finite.")
    quiet_tensorflow()
    import numpy as np

    from keras_fashion.app.report.design_sheets import redesign_sheet
    from keras_fashion.app.report.picture_files import write_numbered_pictures
    from keras_fashion.app.run import Run
    from keras_fashion.app.run_checks import require_matching_pair
    from keras_fashion.data.picture_store import read_picture
    from keras_fashion.design import PreferenceMaximizer, describe_changes
    from keras_fashion.design import redesign as redesign_picture
    from keras_fashion.design.attribute_labels import attribute_directions
    from keras_fashion.evaluation.preference import preference_within_category

    run, drawn = require_matching_pair(Run(recommender), Run(gan))
    catalogue, size = run.catalogue, drawn.model.picture_size
    user = run.trained_user(user_id)
    if item_id is not None:
        item = catalogue.item_index(item_id)
        index = int(catalogue.item_categories[item])
        original, name = catalogue.pictures_of([item], size)[0], item_id
    else:
        assert picture is not None and category is not None  # by check_item_or_picture
        index = catalogue.category_index(category)
        original, name = read_picture(picture, size), picture.name
    fixed_directions = attribute_directions(drawn.model, catalogue, index, hold)
    maximizer = PreferenceMaximizer(run.model, drawn.model)
    result = redesign_picture(
        maximizer, user, original, index, frames, eta, proximity, fixed_directions
    )
    liked_less = preference_within_category(
        run, np.array([user]), index, np.concatenate([original[None], result.pictures])
    ).percentile_rank[0]

    references = np.flatnonzero(catalogue.item_categories == index)
    references = np.random.default_rng(0).permutation(references)[:MAX_REFERENCES]
    changes = describe_changes(result.pictures, catalogue.pictures_of(references.tolist(), size))
    title = f"{name}, redesigned for {user_id}"
    title += f", {', '.join(hold)} held" * bool(hold)
    sheet = redesign_sheet(original, result, liked_less, title)
    files = write_numbered_pictures(out, "frame", result.pictures, result.latents, sheet)
    rows = [
        {
            "file": str(file),
            "preference": float(result.preference[number]),
            "liked_less": float(liked_less[number + 1]),
            "realism": float(result.realism[number]),
            "distance": float(result.distance[number]),
            "changes": changes[number],
        }
        for number, file in enumerate(files)
    ]
    if as_json:
        answer = {
            "user": user_id,
            "item" if picture is None else "picture": item_id or str(picture),
            "category": catalogue.categories[index],
            "liked_less": float(liked_less[0]),
            "frames": rows,
            "latents": str(out / "latents.npy"),
            "sheet": str(out / "sheet.png"),
        }
        click.echo(json.dumps(answer))
        return
    click.echo(f"{name}: liked better than {liked_less[0]:.0%}")
    for row, words in zip(rows, changes, strict=True):
        click.echo(
            f"{row['file']}  preference {row['preference']:.3f}, "
            f"liked better than {row['liked_less']:.0%}, realism {row['realism']:.3f}, "
            f"distance {row['distance']:.3f}" + f": {'; '.join(words)}" * bool(words)
        )
    click.echo(out / "sheet.png")
