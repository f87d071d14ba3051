"""`keras-fashion interpolate`: from one design to another."""

import json
from pathlib import Path

import click

from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow

_LATENT = "FILE.npy:ROW|SEED"


@click.command()
@click.argument("gan", type=click.Path(exists=True, path_type=Path))
@click.option("--category", required=True, help="Of the designs.")
@click.option(
    "--from",
    "start",
    metavar=_LATENT,
    required=True,
    help="Row, from 1 on, of latents that `design` (by its default procedure), `redesign` or "
    "`edit` left; or the seed of a random latent.",
)
@click.option("--to", "end", metavar=_LATENT, required=True, help="Likewise.")
@click.option(
    "--steps", type=click.IntRange(2), default=8, show_default=True, help="Both ends included."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def interpolate(
    gan: Path, category: str, start: str, end: str, steps: int, out: Path, as_json: bool
) -> None:
    """Go from one design to another with the run of a GAN.

    Writes sheet.png, and latents.npy with the latent of each picture.
    """
    quiet_tensorflow()
    import numpy as np

    from keras_fashion.app.report.sheets import PictureGroup, SheetRow, picture_sheet
    from keras_fashion.app.run import Run, generating_run
    from keras_fashion.atomic_files import atomic_write
    from keras_fashion.design.latent_search import from_normal, to_normal
    from keras_fashion.design.named_latents import latent_by_name

    run = generating_run(Run(gan))
    index, model = run.catalogue.category_index(category), run.model
    ends = np.stack([latent_by_name(each, model.latent_dim) for each in (start, end)])
    shares = np.linspace(0, 1, steps, dtype=np.float32)
    weights = np.stack([1 - shares, shares], axis=1)
    latents = from_normal(weights @ to_normal(ends).numpy()).numpy()
    pictures = model.draw(latents, np.full(steps, index))
    group = PictureGroup("", pictures, [f"{share:.0%}" for share in shares])
    sheet = picture_sheet([SheetRow("", [group])], f"{category}: from {start} to {end}")
    with atomic_write(out / "latents.npy") as latent_file, atomic_write(out / "sheet.png") as aside:
        np.save(latent_file, latents)
        sheet.save(aside, "PNG")

    found = {
        "category": category,
        "from": start,
        "to": end,
        "shares": shares.tolist(),
        "latents": str(out / "latents.npy"),
        "sheet": str(out / "sheet.png"),
    }
    click.echo(json.dumps(found) if as_json else found["sheet"])
