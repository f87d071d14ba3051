"""`keras-fashion edit`: designs with one attribute changed."""

import json
from math import isfinite
from pathlib import Path

import click

from keras_fashion.app.cli.parameters import (
    EXISTING,
    hold_option,
    json_option,
    out_folder_option,
    seed_option,
)
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow


@click.command(cls=PlainCommand)
@click.argument("gan", type=EXISTING)
@click.option("--category", required=True, help="Category of the designs.")
@click.option(
    "--attribute",
    required=True,
    help="Attribute to change: lightness, redness, yellowness, length, spread, hem or pattern; or "
    "COLUMN=VALUE, the similarity to the items with this label.",
)
@hold_option
@click.option(
    "--strength",
    "strengths",
    type=float,
    multiple=True,
    default=(-2, -1, 0, 1, 2),
    show_default=True,
    help="Amount of the change, in standard deviations of the attribute among random designs; may "
    "be given several times.",
)
@click.option(
    "--latents",
    metavar="FILE.npy[:ROW]",
    help="Designs to edit: latents that `design` (with its default procedure), `redesign` or "
    "`edit` wrote, or one row of them, counted from 1.  [default: random latents]",
)
@click.option("--count", type=click.IntRange(1), help="Number of random latents.  [default: 4]")
@seed_option("Seed of the random latents.")
@out_folder_option
@json_option
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

    Writes sheet.png, with a row for each design and a column for each strength and the attribute
    as measured on each picture, and latents.npy, with the latent of each picture, row by row.
    """
    if latents is not None and count is not None:
        raise click.UsageError("give either --latents or --count.")
    if not all(map(isfinite, strengths)):
        raise click.UsageError("--strength is finite.")
    quiet_tensorflow()
    import numpy as np

    from keras_fashion.app.report.design_sheets import edit_sheet
    from keras_fashion.app.run import Run
    from keras_fashion.app.run_checks import require_gan
    from keras_fashion.atomic_files import atomic_write
    from keras_fashion.design.attribute_labels import named_attributes
    from keras_fashion.design.edit_directions import edit_latents, find_directions
    from keras_fashion.design.named_latents import latents_by_name, random_latents

    run = require_gan(Run(gan))
    index, model = run.catalogue.category_index(category), run.model
    if latents is None:
        start = random_latents(count or 4, model.latent_dim, seed)
    else:
        start = latents_by_name(latents, model.latent_dim)
    names = [attribute, *hold]
    measure = named_attributes(names, run.catalogue, index, model.picture_size)
    directions = find_directions(model, index, measure)
    direction = directions.direction(attribute, hold)
    moved = np.stack([edit_latents(start, direction, each) for each in strengths], axis=1)
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

    deviation, explained = float(directions.deviations[0]), float(directions.explained[0])
    edits = [
        {"latent": row // len(strengths) + 1, "strength": strengths[row % len(strengths)]} | values
        for row, values in enumerate(measured.to_dict("records"))
    ]
    answer = {
        "category": category,
        "attribute": attribute,
        "hold": hold,
        "deviation": deviation,
        "explained": explained,
        "edits": edits,
        "latents": str(out / "latents.npy"),
        "sheet": str(out / "sheet.png"),
    }
    if as_json:
        click.echo(json.dumps(answer))
        return
    click.echo(
        f"{title}: a strength of 1 is {deviation:.3g}; a straight line explains "
        f"{max(explained, 0):.0%} of it"
    )
    for each in edits:
        values = "  ".join(f"{name} {each[name]:.3g}" for name in measured.columns)
        click.echo(f"latent {each['latent']}  {each['strength']:+g}  {values}")
    click.echo(answer["sheet"])
