"""`keras-fashion report`: an HTML file about a recommender and a GAN."""

from pathlib import Path

import click

from keras_fashion.app.cli.parameters import EXISTING, seed_option
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow


@click.command(cls=PlainCommand)
@click.argument("recommender", type=EXISTING)
@click.argument("gan", type=EXISTING)
@click.option(
    "--unseen",
    type=EXISTING,
    help="Run of a second DVBPR, of another seed, that scores the designs of the first.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="HTML file to write.")
@seed_option("Seed of the users whose designs are shown.")
def report(recommender: Path, gan: Path, unseen: Path | None, out: Path, seed: int) -> None:
    """Write an HTML report on the runs of a DVBPR and a GAN.

    The tables, plots and pictures are in one file.
    """
    quiet_tensorflow()
    from keras_fashion.app.comparison import compare_runs
    from keras_fashion.app.report.comparison_table import comparison_section
    from keras_fashion.app.report.study import study_report
    from keras_fashion.app.run import Run
    from keras_fashion.app.run_checks import require_independent_dvbpr, require_matching_pair
    from keras_fashion.design import PreferenceMaximizer
    from keras_fashion.evaluation.comparison import baselines
    from keras_fashion.evaluation.generation import generation_study
    from keras_fashion.evaluation.ranking import rank_held_out
    from keras_fashion.features import category_classifier

    run, drawn = require_matching_pair(Run(recommender), Run(gan))
    maximizer = PreferenceMaximizer(run.model, drawn.model)
    classifier = category_classifier(run.catalogue)
    study = generation_study(
        run,
        drawn.model,
        classifier,
        {"generation": maximizer},
        unseen=None if unseen is None else require_independent_dvbpr(Run(unseen), run),
        seed=seed,
    )
    scorers = baselines(run.split) | {"dvbpr": run.vectors}
    aucs = {name: rank_held_out(each, run.split).means() for name, each in scorers.items()}
    lists = min(10, run.split.num_items)
    compared = comparison_section(compare_runs([run], ks=(lists,), seed=seed))
    study_report(
        out,
        run,
        drawn,
        maximizer,
        study,
        aucs,
        trained=[run],
        more=[compared],
    )
    click.echo(out)
