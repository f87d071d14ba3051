"""The command line: thin, and without TensorFlow until a command needs it."""

import click

from keras_fashion import __version__
from keras_fashion.cli.design import design
from keras_fashion.cli.evaluate import evaluate
from keras_fashion.cli.export import export
from keras_fashion.cli.plain_errors import PlainErrors
from keras_fashion.cli.prepare import prepare
from keras_fashion.cli.recommend import recommend
from keras_fashion.cli.report import report
from keras_fashion.cli.train import train


@click.group(cls=PlainErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    r"""Learn people's taste in clothes, recommend garments that exist, design ones that do not.

    \b
    prepare    a shop's files, or the built-in atelier, into a catalogue
    train      a recommender or the GAN on a catalogue, into a run folder
    evaluate   a recommender's exact AUC
    recommend  existing items to a user
    design     new garments for a user or a group
    export     SavedModels for TensorFlow Serving
    report     one HTML file about a recommender and a GAN
    """


for command in (prepare, train, evaluate, recommend, design, export, report):
    main.add_command(command)
