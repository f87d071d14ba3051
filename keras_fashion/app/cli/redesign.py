"""`keras-fashion redesign`: an item that exists, changed step by step to a taste."""

import json
from math import isfinite
from pathlib import Path

import click

from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow


@click.command()
@click.argument("recommender", type=click.Path(exists=True, path_type=Path))
@click.argument("gan", type=click.Path(exists=True, path_type=Path))
@click.option("--user", "user_id", required=True, help="Id of whom to please.")
@click.option("--item", "item_id", help="Id of the item to change.")
@click.option(
    "--picture",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File to change instead; with --category.",
)
@click.option("--category", help="Of --picture.")
@click.option(
    "--frames",
    type=click.IntRange(2),
    default=6,
    show_default=True,
    help="Pictures on the way, both ends included.",
)
@click.option(
    "--eta", type=click.FloatRange(0), default=1.0, show_default=True, help="Weight of realism."
)
@click.option(
    "--proximity",
    type=click.FloatRange(0),
    default=3.0,
    show_default=True,
    help="Weight of likeness to the item; 0 lets go of it.",
)
@click.option("--hold", multiple=True, help="An attribute to keep, as in `edit`; repeat for more.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
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
    """Change an item, or any picture, with the runs of a DVBPR and of a GAN.

    Writes frame_1.png, the generator's nearest picture to the item, and so on to the redesign,
    latents.npy, the latent of each, and sheet.png.
    """
    if (item_id is None) == (picture is None):
        raise click.UsageError("give either --item, or --picture and --category.")
    if (picture is None) != (category is None):
        raise click.UsageError("--picture and --category go together.")
    if not isfinite(eta) or not isfinite(proximity):
        raise click.UsageError("--eta and --proximity are finite.")
    quiet_tensorflow()
    import numpy as np

    from keras_fashion.app.report.design_sheets import redesign_sheet
    from keras_fashion.app.report.picture_files import write_picture_folder
    from keras_fashion.app.run import Run, matching_pair
    from keras_fashion.data.picture_store import read_picture
    from keras_fashion.design import PreferenceMaximizer
    from keras_fashion.design import redesign as redesigned
    from keras_fashion.design.attribute_labels import attribute_directions
    from keras_fashion.evaluation.preference import standing

    run, drawn = matching_pair(Run(recommender), Run(gan))
    catalogue, size = run.catalogue, drawn.model.picture_size
    user = run.trained_user(user_id)
    if picture is None:
        item = catalogue.item_index(item_id)
        index = int(catalogue.item_categories[item])
        original, name = catalogue.pictures_of([item], size)[0], item_id
    else:
        index = catalogue.category_index(category)
        original, name = read_picture(picture, size), picture.name
    fixed_directions = attribute_directions(drawn.model, catalogue, index, hold)
    maximizer = PreferenceMaximizer(run.model, drawn.model)
    strip = redesigned(maximizer, user, original, index, frames, eta, proximity, fixed_directions)
    liked_less = standing(
        run, np.array([user]), index, np.concatenate([original[None], strip.pictures])
    ).liked_less[0]

    title = f"{name}, redesigned for {user_id}"
    title += f", {', '.join(hold)} held" * bool(hold)
    sheet = redesign_sheet(original, strip, liked_less, title)
    files = write_picture_folder(out, "frame", strip.pictures, strip.latents, sheet)
    rows = [
        {
            "file": str(file),
            "preference": float(strip.preference[number]),
            "liked_less": float(liked_less[number + 1]),
            "realism": float(strip.realism[number]),
            "distance": float(strip.distance[number]),
        }
        for number, file in enumerate(files)
    ]
    if as_json:
        found = {
            "user": user_id,
            "item" if picture is None else "picture": item_id or str(picture),
            "category": catalogue.categories[index],
            "liked_less": float(liked_less[0]),
            "frames": rows,
            "latents": str(out / "latents.npy"),
            "sheet": str(out / "sheet.png"),
        }
        click.echo(json.dumps(found))
        return
    click.echo(f"{name}: liked better than {liked_less[0]:.0%}")
    for row in rows:
        click.echo(
            f"{row['file']}  preference {row['preference']:.3f}, "
            f"liked better than {row['liked_less']:.0%}, realism {row['realism']:.3f}, "
            f"distance {row['distance']:.3f}"
        )
    click.echo(out / "sheet.png")
