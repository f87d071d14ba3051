"""`keras-fashion generate`: pictures from random latents of a GAN."""

from pathlib import Path

import click

from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow


@click.command()
@click.argument("run", type=click.Path(exists=True, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to make.")
@click.option("--count", type=click.IntRange(1), required=True, help="Pictures.")
@click.option(
    "--category",
    "categories",
    multiple=True,
    help="Repeat for several, in equal shares.  [default: all, in the catalogue's proportions]",
)
@click.option(
    "--interpolations",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PNG",
    help="Also write this sheet: a row a category, from one latent to another in 8 steps.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of latents and categories.",
)
def generate(
    run: Path,
    out: Path,
    count: int,
    categories: tuple[str, ...],
    interpolations: Path | None,
    seed: int,
) -> None:
    """Generate pictures with the run of a GAN, a sub-folder a category."""
    quiet_tensorflow()
    from keras_fashion.app.report.picture_files import drawn_pictures, write_pictures
    from keras_fashion.app.report.pictures import interpolation_sheet
    from keras_fashion.app.run import Run
    from keras_fashion.atomic_files import atomic_write

    gan = Run(run)
    write_pictures(drawn_pictures(gan, count, categories, seed), out)
    click.echo(out)
    if interpolations is not None:
        with atomic_write(interpolations) as aside:
            interpolation_sheet(gan, seed).save(aside, "PNG")
        click.echo(interpolations)
