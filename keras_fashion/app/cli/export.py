"""`keras-fashion export`: SavedModels for TensorFlow Serving."""

from pathlib import Path

import click

from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow


@click.command()
@click.argument("recommender", type=click.Path(exists=True, path_type=Path))
@click.argument("gan", type=click.Path(exists=True, path_type=Path), required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="saved_models",
    show_default=True,
    help="Where <name>/<version>/ go.",
)
def export(recommender: Path, gan: Path | None, out: Path) -> None:
    """Export a recommender's run and, with a GAN's run, a designer.

    Each export is a new version; none is overwritten.
    """
    quiet_tensorflow()
    from keras_fashion.app.exporting import export
    from keras_fashion.app.run import Run

    for path in export(Run(recommender), None if gan is None else Run(gan), out):
        click.echo(path)
