"""`keras-fashion edit`: change one attribute of designs and hold others."""

import json
from math import isfinite
from pathlib import Path

import click

from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow


@click.command()
@click.argument("gan", type=click.Path(exists=True, path_type=Path))
@click.option("--category", required=True, help="Of the designs.")
@click.option(
    "--attribute",
    required=True,
    help="What to change: lightness, redness, yellowness, length, spread, hem or pattern; or "
    "COLUMN=VALUE, how much it looks like the items with this label.",
)
@click.option("--hold", multiple=True, help="An attribute to leave as it is; repeat for more.")
@click.option(
    "--strength",
    "strengths",
    type=float,
    multiple=True,
    default=(-2, -1, 0, 1, 2),
    show_default=True,
    help="Standard deviations of the attribute among random designs; repeat for more.",
)
@click.option(
    "--latents",
    metavar="FILE.npy[:ROW]",
    help="What to edit, as `design` (by its default procedure), `redesign` and `edit` leave it "
    "beside their pictures; or one row of it, from 1 on.  [default: random latents]",
)
@click.option("--count", type=click.IntRange(1), help="Random latents.  [default: 4]")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of the random latents.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def edit(
    gan: Path,
    category: str,
    attribute: str,
    hold: tuple[str, ...],
    strengths: tuple[float, ...],
    latents: str | None,
    count: int | None,
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    """Edit designs with the run of a GAN.

    Writes sheet.png, a row a design and a column a strength with the attribute as measured on
    the picture, and latents.npy, the latent of each picture, row by row.
    """
    if latents is not None and count is not None:
        raise click.UsageError("give either --latents or --count.")
    if not all(map(isfinite, strengths)):
        raise click.UsageError("--strength is finite.")
    quiet_tensorflow()
    import numpy as np

    from keras_fashion.app.report.design_sheets import edit_sheet
    from keras_fashion.app.run import Run, generating_run
    from keras_fashion.atomic_files import atomic_write
    from keras_fashion.design.attribute_labels import named_attributes
    from keras_fashion.design.edit_directions import edit as edited_latents
    from keras_fashion.design.edit_directions import find_directions
    from keras_fashion.design.named_latents import latents_by_name, random_latents

    run = generating_run(Run(gan))
    index, model = run.catalogue.category_index(category), run.model
    if latents is None:
        start = random_latents(count or 4, model.latent_dim, seed)
    else:
        start = latents_by_name(latents, model.latent_dim)
    names = [attribute, *hold]
    measure = named_attributes(names, run.catalogue, index, model.picture_size)
    directions = find_directions(model, index, measure)
    direction = directions.direction(attribute, hold)
    moved = np.stack([edited_latents(start, direction, each) for each in strengths], axis=1)
    flat = moved.reshape(-1, model.latent_dim)
    pictures = model.draw(flat, np.full(len(flat), index))
    measured = measure(pictures)

    shape = moved.shape[:2]
    title = f"{category}: {attribute}" + f", {', '.join(hold)} held" * bool(hold)
    sheet = edit_sheet(
        pictures.reshape(*shape, *pictures.shape[1:]),
        measured[attribute].to_numpy().reshape(shape),
        strengths,
        title,
    )
    with atomic_write(out / "latents.npy") as latent_file, atomic_write(out / "sheet.png") as aside:
        np.save(latent_file, flat)
        sheet.save(aside, "PNG")

    found = {
        "category": category,
        "attribute": attribute,
        "hold": hold,
        "deviation": float(directions.deviations[0]),
        "explained": float(directions.explained[0]),
        "edits": [
            {"latent": row // len(strengths) + 1, "strength": strengths[row % len(strengths)]}
            | values
            for row, values in enumerate(measured.to_dict("records"))
        ],
        "latents": str(out / "latents.npy"),
        "sheet": str(out / "sheet.png"),
    }
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(
        f"{title}: a strength of 1 is {found['deviation']:.3g}; a straight line explains "
        f"{max(found['explained'], 0):.0%} of it"
    )
    for each in found["edits"]:
        values = "  ".join(f"{name} {each[name]:.3g}" for name in measured.columns)
        click.echo(f"latent {each['latent']}  {each['strength']:+g}  {values}")
    click.echo(found["sheet"])
