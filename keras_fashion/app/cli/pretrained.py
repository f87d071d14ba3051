"""`keras-fashion pretrained`: run folders of the trained models that come with the package."""

from pathlib import Path

import click

from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow


@click.command(cls=PlainCommand)
@click.argument("name", type=click.Choice(["atelier"]))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to make.")
def pretrained(name: str, out: Path) -> None:
    """Write the trained models that come with the package as runs, with their catalogue.

    All commands take the two runs, OUT/dvbpr and OUT/gan. The catalogue is drawn again, in half a
    minute.
    """
    quiet_tensorflow()
    from keras_fashion.app.pretrained import unpack_pretrained

    for path in unpack_pretrained(name, out):
        click.echo(path)
