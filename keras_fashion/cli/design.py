"""`keras-fashion design`: new garments for a user or a group."""

import json
from pathlib import Path

import click

from keras_fashion.cli.quiet_tensorflow import quiet_tensorflow


@click.command()
@click.argument("recommender", type=click.Path(exists=True, path_type=Path))
@click.argument("gan", type=click.Path(exists=True, path_type=Path))
@click.option("--user", "user_ids", multiple=True, required=True, help="Id; repeat for a group.")
@click.option("--category", required=True, help="What to design.")
@click.option("--count", type=click.IntRange(1), default=3, show_default=True, help="Designs.")
@click.option(
    "--eta", type=click.FloatRange(0), default=1.0, show_default=True, help="Weight of realism."
)
@click.option("--seed", default=0, show_default=True, help="Decides where the restarts begin.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for PNGs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def design(
    recommender: Path,
    gan: Path,
    user_ids: tuple[str, ...],
    category: str,
    count: int,
    eta: float,
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    """Design garments with the runs of a DVBPR and of a GAN.

    Writes design_1.png and so on, the best first, and sheet.png: what the users bought, what
    exists and suits them best, and the designs.
    """
    quiet_tensorflow()
    from PIL import Image

    from keras_fashion.design import PreferenceMaximiser
    from keras_fashion.report.design_sheet import design_row
    from keras_fashion.report.sheets import picture_sheet
    from keras_fashion.run import Run, matching_pair
    from keras_fashion.written_aside import written_aside

    taste, drawn = matching_pair(Run(recommender), Run(gan))
    users = [taste.trained_user(user_id) for user_id in user_ids]
    index = taste.catalogue.category_index(category)
    maximiser = PreferenceMaximiser(taste.model, drawn.model)
    designs = maximiser.design(users, index, count, eta, seed)

    names = [f"design_{number}.png" for number in range(1, count + 1)]
    for name, picture in zip(names, designs.pictures[0], strict=True):
        with written_aside(out / name) as aside:
            Image.fromarray(picture).save(aside, "PNG")
    row = design_row(taste, users, index, designs.pictures[0], designs.preference[0])
    with written_aside(out / "sheet.png") as aside:
        picture_sheet([row], f"{category}, designed at eta {eta:g}").save(aside, "PNG")

    rows = [
        {"file": str(out / name), "preference": float(preference), "realism": float(realism)}
        for name, preference, realism in zip(
            names, designs.preference[0], designs.realism[0], strict=True
        )
    ]
    if as_json:
        click.echo(
            json.dumps({"users": user_ids, "category": category, "eta": eta, "designs": rows})
        )
        return
    for each in rows:
        click.echo(
            f"{each['file']}  preference {each['preference']:.3f}  realism {each['realism']:.3f}"
        )
    click.echo(out / "sheet.png")
