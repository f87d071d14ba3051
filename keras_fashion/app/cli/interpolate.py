"""`keras-fashion interpolate`: from one design to another."""

import json
from pathlib import Path

import click

from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow

_CODE = "FILE.npy:ROW|SEED"


@click.command()
@click.argument("gan", type=click.Path(exists=True, path_type=Path))
@click.option("--category", required=True, help="Of the designs.")
@click.option(
    "--from",
    "start",
    metavar=_CODE,
    required=True,
    help="Row, from 1 on, of codes that `design` (by its default procedure), `redesign` or `edit` "
    "left; or the seed of a random code.",
)
@click.option("--to", "end", metavar=_CODE, required=True, help="Likewise.")
@click.option(
    "--steps", type=click.IntRange(2), default=8, show_default=True, help="Both ends included."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def interpolate(
    gan: Path, category: str, start: str, end: str, steps: int, out: Path, as_json: bool
) -> None:
    """Go from one design to another with the run of a GAN.

    Writes sheet.png, and codes.npy with the code of each picture.
    """
    quiet_tensorflow()
    import numpy as np

    from keras_fashion.app.report.sheets import PictureGroup, SheetRow, picture_sheet
    from keras_fashion.app.run import Run, generating_run
    from keras_fashion.atomic_files import written_aside
    from keras_fashion.design.latent_search import from_normal, to_normal
    from keras_fashion.design.named_latents import named_code

    run = generating_run(Run(gan))
    index, model = run.catalogue.category_index(category), run.model
    ends = np.stack([named_code(each, model.code_size) for each in (start, end)])
    shares = np.linspace(0, 1, steps, dtype=np.float32)
    weights = np.stack([1 - shares, shares], axis=1)
    codes = from_normal(weights @ to_normal(ends).numpy()).numpy()
    pictures = model.draw(codes, np.full(steps, index))
    group = PictureGroup("", pictures, [f"{share:.0%}" for share in shares])
    sheet = picture_sheet([SheetRow("", [group])], f"{category}: from {start} to {end}")
    with written_aside(out / "codes.npy") as code_file, written_aside(out / "sheet.png") as aside:
        np.save(code_file, codes)
        sheet.save(aside, "PNG")

    found = {
        "category": category,
        "from": start,
        "to": end,
        "shares": shares.tolist(),
        "codes": str(out / "codes.npy"),
        "sheet": str(out / "sheet.png"),
    }
    click.echo(json.dumps(found) if as_json else found["sheet"])
