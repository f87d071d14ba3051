"""`keras-fashion export`: SavedModels for TensorFlow Serving."""

from pathlib import Path

import click

from keras_fashion.app.cli.parameters import EXISTING
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow


@click.command(cls=PlainCommand)
@click.argument("recommender", type=EXISTING)
@click.argument("gan", type=EXISTING, required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="saved_models",
    show_default=True,
    help="Folder in which <name>/<version>/ is made.",
)
def export(recommender: Path, gan: Path | None, out: Path) -> None:
    """Export a recommender and, with the run of a GAN, a designer.

    Each export is a new version; none is overwritten.
    """
    quiet_tensorflow()
    from keras_fashion.app.exporting import export
    from keras_fashion.app.run import Run

    for path in export(Run(recommender), None if gan is None else Run(gan), out):
        click.echo(path)
