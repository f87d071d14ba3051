"""`keras-fashion interpolate`: pictures between two designs."""

import json
from pathlib import Path

import click

from keras_fashion.app.cli.parameters import EXISTING, json_option, out_folder_option
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow

_LATENT = "FILE.npy:ROW|SEED"


@click.command(cls=PlainCommand)
@click.argument("gan", type=EXISTING)
@click.option("--category", required=True, help="Category of the designs.")
@click.option(
    "--from",
    "start",
    metavar=_LATENT,
    required=True,
    help="First design: a row, counted from 1, of latents that `design` (with its default "
    "procedure), `redesign` or `edit` wrote; or the seed of a random latent.",
)
@click.option(
    "--to", "end", metavar=_LATENT, required=True, help="Last design, in the same notation."
)
@click.option(
    "--steps",
    type=click.IntRange(2),
    default=8,
    show_default=True,
    help="Number of pictures, with both ends.",
)
@out_folder_option
@json_option
def interpolate(
    gan: Path, category: str, start: str, end: str, steps: int, out: Path, as_json: bool
) -> None:
    """Interpolate between two designs with the run of a GAN.

    Writes sheet.png, and latents.npy with the latent of each picture.
    """
    quiet_tensorflow()
    import numpy as np
    import tensorflow as tf

    from keras_fashion.app.report.picture_sheets import PictureGroup, SheetRow, picture_sheet
    from keras_fashion.app.run import Run
    from keras_fashion.app.run_checks import require_gan
    from keras_fashion.atomic_files import atomic_write
    from keras_fashion.design.latent_search import from_normal, to_normal
    from keras_fashion.design.named_latents import latent_by_name

    run = require_gan(Run(gan))
    index, model = run.catalogue.category_index(category), run.model
    ends = np.stack([latent_by_name(each, model.latent_dim) for each in (start, end)])
    shares = np.linspace(0, 1, steps, dtype=np.float32)
    weights = np.stack([1 - shares, shares], axis=1)
    latents = from_normal(tf.constant(weights) @ to_normal(tf.constant(ends))).numpy()
    pictures = model.draw(latents, np.full(steps, index))
    group = PictureGroup("", pictures, [f"{share:.0%}" for share in shares])
    sheet = picture_sheet([SheetRow("", [group])], f"{category}: from {start} to {end}")
    with atomic_write(out / "latents.npy") as latent_file, atomic_write(out / "sheet.png") as aside:
        np.save(latent_file, latents)
        sheet.save(aside, "PNG")

    answer = {
        "category": category,
        "from": start,
        "to": end,
        "shares": shares.tolist(),
        "latents": str(out / "latents.npy"),
        "sheet": str(out / "sheet.png"),
    }
    click.echo(json.dumps(answer) if as_json else answer["sheet"])
