"""`keras-fashion generate`: pictures of random latents."""

from pathlib import Path

import click

from keras_fashion.app.cli.parameters import EXISTING, seed_option
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow


@click.command(cls=PlainCommand)
@click.argument("run", type=EXISTING)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to make.")
@click.option("--count", type=click.IntRange(1), required=True, help="Number of pictures.")
@click.option(
    "--category",
    "categories",
    multiple=True,
    help="Category of the pictures; several get equal shares.  [default: all, in the catalogue's "
    "proportions]",
)
@click.option(
    "--interpolations",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PNG",
    help="Picture sheet to write in addition: for each category a row that goes from one latent "
    "to another in 8 steps.",
)
@seed_option("Seed of the latents and the categories.")
def generate(
    run: Path,
    out: Path,
    count: int,
    categories: tuple[str, ...],
    interpolations: Path | None,
    seed: int,
) -> None:
    """Generate pictures with the run of a GAN.

    They are written to a folder for each category.
    """
    quiet_tensorflow()
    from keras_fashion.app.report.picture_files import (
        generate_pictures,
        write_pictures_by_category,
    )
    from keras_fashion.app.report.study_pictures import interpolation_sheet
    from keras_fashion.app.run import Run
    from keras_fashion.atomic_files import atomic_write

    gan = Run(run)
    write_pictures_by_category(generate_pictures(gan, count, categories, seed), out)
    click.echo(out)
    if interpolations is not None:
        with atomic_write(interpolations) as aside:
            interpolation_sheet(gan, seed).save(aside, "PNG")
        click.echo(interpolations)
