"""The command line. It imports TensorFlow only when a command needs it."""

import click

from keras_fashion import __version__
from keras_fashion.app.cli.compare import compare
from keras_fashion.app.cli.design import design
from keras_fashion.app.cli.edit import edit
from keras_fashion.app.cli.evaluate import evaluate
from keras_fashion.app.cli.explain import explain
from keras_fashion.app.cli.export import export
from keras_fashion.app.cli.features import features
from keras_fashion.app.cli.generate import generate
from keras_fashion.app.cli.interpolate import interpolate
from keras_fashion.app.cli.plain_errors import PlainGroup
from keras_fashion.app.cli.prepare import prepare
from keras_fashion.app.cli.pretrained import pretrained
from keras_fashion.app.cli.recommend import recommend
from keras_fashion.app.cli.redesign import redesign
from keras_fashion.app.cli.report import report
from keras_fashion.app.cli.score_images import score_images
from keras_fashion.app.cli.train import train
from keras_fashion.app.cli.trends import trends
from keras_fashion.app.cli.tune import tune


@click.group(
    cls=PlainGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__)
def main() -> None:
    """Recommend garments that exist and design garments that do not, for each user.

    Start with `prepare`, then `train`; or with `pretrained`, whose models come with the package.
    All other commands take the run folders that these two write.
    """


for command in (
    prepare,
    pretrained,
    features,
    train,
    tune,
    generate,
    score_images,
    evaluate,
    compare,
    recommend,
    design,
    redesign,
    edit,
    interpolate,
    explain,
    trends,
    export,
    report,
):
    main.add_command(command)
