"""`keras-fashion report`: one HTML file about a recommender and a GAN."""

from pathlib import Path

import click

from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow


@click.command()
@click.argument("recommender", type=click.Path(exists=True, path_type=Path))
@click.argument("gan", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--unseen",
    type=click.Path(exists=True, path_type=Path),
    help="Run of a second DVBPR, of another seed, that judges the designs of the first.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="HTML file to write.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Decides whose designs are shown.",
)
def report(recommender: Path, gan: Path, unseen: Path | None, out: Path, seed: int) -> None:
    """Report on the runs of a DVBPR and a GAN: tables, curves, pictures, in one file."""
    quiet_tensorflow()
    from keras_fashion.app.report.comparison_table import comparison_section
    from keras_fashion.app.report.study_report import study_report
    from keras_fashion.app.run import Run, independent_recommender, matching_pair
    from keras_fashion.design import PreferenceMaximizer
    from keras_fashion.app.comparison import compare_runs
    from keras_fashion.evaluation.generation import generation_study
    from keras_fashion.evaluation.ranking import rank_held_out
    from keras_fashion.evaluation.reference_models import baselines
    from keras_fashion.features import category_classifier

    run, drawn = matching_pair(Run(recommender), Run(gan))
    maximizer = PreferenceMaximizer(run.model, drawn.model)
    classifier = category_classifier(run.catalogue)
    study = generation_study(
        run,
        drawn.model,
        classifier,
        {"generation": maximizer},
        unseen=None if unseen is None else independent_recommender(Run(unseen), run),
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
