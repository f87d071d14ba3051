"""The whole system in one sitting, on the atelier: recommend, generate, design, export, report.

    python recipes/quickstart.py

Everything is trained here and now, in a few minutes on two processor cores. Each stage leaves its
run folder under --out; a second start takes up what is finished and redoes the rest.
"""

import json
import time
from pathlib import Path

import click
import numpy as np

from keras_fashion.cli.plain_errors import PlainCommand
from keras_fashion.cli.quiet_tensorflow import quiet_tensorflow

quiet_tensorflow()

# ruff: noqa: E402
from keras_fashion import training
from keras_fashion.catalogue import Catalogue, prepare
from keras_fashion.datasets.atelier import Atelier, Oracle, measure, taste_recovery
from keras_fashion.design import PreferenceMaximiser
from keras_fashion.evaluation.generation_study import GenerationStudy, generation_study
from keras_fashion.evaluation.ranking import rank_held_out
from keras_fashion.report.html import Column, Section, Table
from keras_fashion.report.study_report import study_report
from keras_fashion.run import versions
from keras_fashion.serving.export import export
from keras_fashion.training.options import (
    BPRMFOptions,
    DVBPROptions,
    GANOptions,
    PopRankOptions,
    RandomOptions,
    VBPROptions,
    VisRankOptions,
)
from keras_fashion.written_aside import written_aside

COUNT = click.IntRange(1)


@click.command(cls=PlainCommand)
@click.option("--out", type=click.Path(path_type=Path), default="runs/demo", show_default=True)
@click.option(
    "--exports", type=click.Path(path_type=Path), default="saved_models/demo", show_default=True
)
@click.option(
    "--users", type=COUNT, default=600, show_default=True, help="Shoppers of the atelier."
)
@click.option(
    "--items", type=COUNT, default=2800, show_default=True, help="Garments of the atelier."
)
@click.option(
    "--epochs", type=COUNT, default=30, show_default=True, help="Of VBPR and BPR-MF, at most."
)
@click.option("--dvbpr-epochs", type=COUNT, default=8, show_default=True, help="Of DVBPR, at most.")
@click.option("--gan-epochs", type=COUNT, default=10, show_default=True, help="Of the GAN.")
@click.option(
    "--pairs",
    type=click.IntRange(3),
    default=36,
    show_default=True,
    help="Users who get designs.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of everything."
)
def quickstart(
    out: Path,
    exports: Path,
    users: int,
    items: int,
    epochs: int,
    dvbpr_epochs: int,
    gan_epochs: int,
    pairs: int,
    seed: int,
) -> None:
    """From a world of drawn garments to recommendations, designs and exported models."""
    started = time.monotonic()

    say("1 of 5: the atelier. Garments are drawn, shoppers buy.")
    folder = out / f"atelier_{users}x{items}_{seed}"
    if not folder.exists():
        prepare(Atelier(seed, users, items), folder, name="atelier")
    catalogue = Catalogue.load(folder)
    oracle = Oracle.load(folder)
    say(catalogue.summary())

    say("2 of 5: recommenders, from random to DVBPR.")
    classifier = training.category_classifier(catalogue)
    runs = {
        options.model: training.finished_or_trained(
            training.train_recommender, catalogue, out / options.model, options, seed
        )
        for options in (
            RandomOptions(),
            PopRankOptions(),
            BPRMFOptions(epochs=epochs),
            VisRankOptions(),
            VBPROptions(epochs=epochs),
            # Half the pictures through the CNN that the siamese default takes, to a better AUC.
            DVBPROptions(epochs=dvbpr_epochs, batch_size=64, negatives=64, history=64),
        )
    }
    split = runs["dvbpr"].split
    recommendation = {
        name: rank_held_out(run.vectors, split).means()
        | {"seconds": run.metrics["training_seconds"]}
        for name, run in runs.items()
    }
    recommendation["oracle"] = rank_held_out(oracle.scores, split).means() | {"seconds": None}

    say("3 of 5: the conditional GAN.")
    gan = training.finished_or_trained(
        training.train_gan,
        catalogue,
        out / "gan",
        GANOptions(epochs=gan_epochs, width=24),
        seed,
    )

    say("4 of 5: design, for some shoppers, against what exists.")
    maximiser = PreferenceMaximiser(runs["dvbpr"].model, gan.model)
    study = generation_study(
        runs["dvbpr"], gan, classifier, maximiser, pairs, pairs_for_eta=pairs // 3, seed=seed
    )
    recovery = {
        "generation": mean_recovery(oracle, catalogue, study, study.designs.pictures),
        "random_generated": mean_recovery(oracle, catalogue, study, study.random_codes_pictures),
    }

    say("5 of 5: SavedModels and the report.")
    exported = export(runs["dvbpr"], gan, exports)
    study_report(
        out / "report.html",
        runs["dvbpr"],
        gan,
        maximiser,
        study,
        recommendation,
        trained=[runs[name] for name in ("bprmf", "vbpr", "dvbpr")],
        more=[recovery_section(recovery)],
    )
    cold = np.sum(split.training_counts[split.test[:, 1]] < 5)
    results = {
        "dataset": {
            "name": catalogue.name,
            "users": len(catalogue.user_ids),
            "items": len(catalogue.item_ids),
            "interactions": len(catalogue.interactions),
            "cold_items": int(np.sum(split.training_counts < 5)),
            "cold_test_interactions": int(cold),
        },
        "recommendation": recommendation,
        "generation": study.table,
        "quality_is": "category inception score: under this catalogue's own classifier",
        "eta": study.eta,
        "taste_recovery": recovery,
        "seed": seed,
        "versions": versions(),
        "seconds": time.monotonic() - started,
    }
    with written_aside(out / "results.json") as aside:
        aside.write_text(json.dumps(results, indent=2) + "\n")

    print_table(recommendation, ["auc_all", "auc_matched", "auc_warm", "auc_cold", "auc_new"])
    print_table(study.table, ["preference", "quality", "opposite_ssim"])
    click.echo(
        f"\ntaste recovery: designs {recovery['generation']:.3f}, "
        f"random generated {recovery['random_generated']:.3f}"
    )
    click.echo("exported: " + ", ".join(str(path) for path in exported))
    click.echo(f"report: {out / 'report.html'}   numbers: {out / 'results.json'}")
    click.echo(f"{results['seconds']:.0f} s")


def mean_recovery(
    oracle: Oracle, catalogue: Catalogue, study: GenerationStudy, pictures: np.ndarray
) -> float:
    """Mean taste recovery of (N, n, H, W, 3) pictures made for the study's N users."""
    values = []
    for user, index, made in zip(study.users, study.categories, pictures, strict=True):
        category = catalogue.categories[index]
        for picture in made:
            measured = measure(picture, category)
            values.append(taste_recovery(oracle, measured, int(user), category))
    return float(np.mean(values))


def recovery_section(recovery: dict[str, float]) -> Section:
    """What the atelier alone can tell: whether designs meet the taste they were made for."""
    return Section(
        "Taste recovery",
        [
            Table(
                "Colour and length, measured from the pixels, against the shopper's true taste",
                [Column("pictures"), Column("taste recovery", best="highest")],
                [[name.replace("_", " "), value] for name, value in recovery.items()],
                note="The share of the category's real garments whose colour and length the "
                "shopper's true taste ranks below what was measured in the picture: 1 is more to "
                "their taste than anything on sale, about 0.5 a garment drawn at random. The "
                "truth is known because the shoppers are simulated; no model sees it.",
            )
        ],
    )


def print_table(rows: dict[str, dict[str, float | None]], columns: list[str]) -> None:
    """A table on stdout."""
    click.echo("\n" + f"{'':18}" + "".join(f"{name:>15}" for name in columns))
    for name, row in rows.items():
        cells = (
            f"{'-':>15}" if row[column] is None else f"{row[column]:15.4f}" for column in columns
        )
        click.echo(f"{name:18}" + "".join(cells))


def say(text: str) -> None:
    """A line of progress on stderr."""
    click.echo(text, err=True)


if __name__ == "__main__":
    quickstart()
