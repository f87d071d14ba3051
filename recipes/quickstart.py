"""The whole system in one sitting, on the atelier: recommend, generate, design, export, report.

    python recipes/quickstart.py

Everything is trained here and now, in a few minutes on two processor cores. Each stage leaves its
run folder under --out; a second start takes up what is finished and redoes the rest.
"""

import json
import time
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
import pandas as pd

from keras_fashion.app.cli import PlainCommand, quiet_tensorflow

quiet_tensorflow()

# ruff: noqa: E402
from keras_fashion import atomic_write
from keras_fashion.app import (
    GANOptions,
    export,
    library_versions,
    recommender_options,
    require_finished,
    train_gan,
    train_recommender,
)
from keras_fashion.app.report import Column, Section, Table, study_report
from keras_fashion.data import Atelier, Catalogue, Oracle, prepare
from keras_fashion.design import PreferenceMaximizer
from keras_fashion.evaluation import generation_study, rank_held_out, true_utilities
from keras_fashion.features import category_classifier

COUNT = click.IntRange(1)

MEASURES = ["preference", "unseen_preference", "discriminator", "opposite_ssim"]


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
@click.option("--dvbpr-epochs", type=COUNT, default=6, show_default=True, help="Of DVBPR, at most.")
@click.option("--gan-epochs", type=COUNT, default=4, show_default=True, help="Of the GAN.")
@click.option(
    "--pairs",
    type=click.IntRange(3),
    default=36,
    show_default=True,
    help="Users who get designs.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 2),
    default=0,
    show_default=True,
    help="Of everything but the split.",
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
    """Recommend and design for simulated shoppers, and export and report the models."""
    started = time.monotonic()

    say("1 of 5: the atelier. Garments are drawn, shoppers buy.")
    folder = out / f"atelier_{users}x{items}_{seed}"
    if not folder.exists():
        prepare(Atelier(seed, users, items), folder, name="atelier")
    catalogue = Catalogue.load(folder)
    oracle = Oracle.load(folder)
    say(catalogue.summary())

    say("2 of 5: recommenders, from random to DVBPR.")
    classifier = category_classifier(catalogue)
    runs = {
        options.model: require_finished(
            train_recommender(catalogue, out / options.model, options, seed=seed)
        )
        for options in (
            recommender_options("random"),
            recommender_options("poprank"),
            recommender_options("bprmf", epochs=epochs),
            recommender_options("visrank"),
            recommender_options("vbpr", epochs=epochs),
            # Half the pictures through the CNN that the siamese default takes, to a better AUC.
            recommender_options(
                "dvbpr", epochs=dvbpr_epochs, batch_size=64, negatives=64, history=64
            ),
        )
    }
    # It evaluates the designs, which are not optimized for it, and is trained half as long.
    unseen = require_finished(
        train_recommender(
            catalogue,
            out / "unseen",
            recommender_options(
                "dvbpr",
                epochs=(dvbpr_epochs + 1) // 2,
                batch_size=64,
                negatives=64,
                history=64,
            ),
            seed=seed + 1,
        )
    )
    split = runs["dvbpr"].split
    recommendation = {
        name: rank_held_out(run.vectors, split).means()
        | {"seconds": run.metrics["training_seconds"]}
        for name, run in runs.items()
    }
    recommendation["oracle"] = rank_held_out(oracle.scores, split).means() | {"seconds": None}

    say("3 of 5: the conditional GAN.")
    gan = require_finished(
        train_gan(catalogue, out / "gan", GANOptions(epochs=gan_epochs, width=24), seed)
    )

    say("4 of 5: design, for some shoppers, against what exists.")
    maximizer = PreferenceMaximizer(runs["dvbpr"].model, gan.model)
    study = generation_study(
        runs["dvbpr"],
        gan.model,
        classifier,
        {"generation": maximizer},
        pairs,
        num_pairs_for_eta=pairs // 6,
        etas=(0.0, 0.25, 1.0, 4.0),
        unseen=unseen,
        seed=seed,
    )
    less_retrieval = study.less_retrieval(MEASURES)
    names = [catalogue.categories[index] for index in study.categories]
    truth = true_utilities(oracle, study.users, names, study.pictures)
    truth = truth.groupby("method", sort=False)[["recovery", "above_retrieved", "above_best"]]
    truth = truth.mean()

    say("5 of 5: SavedModels and the report.")
    exported = export(runs["dvbpr"], gan, exports, maximizer)
    study_report(
        out / "report.html",
        runs["dvbpr"],
        gan,
        maximizer,
        study,
        recommendation,
        trained=[runs[name] for name in ("bprmf", "vbpr", "dvbpr")],
        more=[truth_section(truth)],
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
        "generation": {
            method: {name: each and each.mean for name, each in row.items()}
            for method, row in study.table(MEASURES).items()
        },
        "less_retrieval": {
            method: {name: each and asdict(each) for name, each in row.items()}
            for method, row in less_retrieval.items()
        },
        "quality_is": "category inception score: under this catalogue's own classifier",
        "eta": study.eta.dropna(axis="columns").to_dict("records"),
        "truth": truth.to_dict("index"),
        "seed": seed,
        "versions": library_versions(),
        "seconds": time.monotonic() - started,
    }
    with atomic_write(out / "results.json") as aside:
        aside.write_text(json.dumps(results, indent=2) + "\n")

    print_table(recommendation, ["auc_all", "auc_matched", "auc_warm", "auc_cold", "auc_new"])
    print_table(results["generation"], [*MEASURES, "quality"])
    for name in ("preference", "unseen_preference"):
        click.echo(f"{name}, generation less retrieval: {less_retrieval['generation'][name]}")
    print_table(results["truth"], list(truth.columns))
    click.echo("exported: " + ", ".join(str(path) for path in exported))
    click.echo(f"report: {out / 'report.html'}   numbers: {out / 'results.json'}")
    click.echo(f"{results['seconds']:.0f} s")


def truth_section(truth: pd.DataFrame) -> Section:
    """Returns the section on whether designs meet the true preferences, known of the atelier."""
    titles = {
        "recovery": "preference recovery",
        "above_retrieved": "above the first retrieved",
        "above_best": "above the best that exists",
    }
    return Section(
        "Truth",
        [
            Table(
                "Color and length, measured from the pixels, against the true preferences",
                [Column("method"), *(Column(title, best="highest") for title in titles.values())],
                [[method, *(row[name] for name in titles)] for method, row in truth.iterrows()],
                note="Of the first picture of each user. Preference recovery: the share of the "
                "category's real garments whose color and length the shopper's true preferences "
                "rank below what was measured in the picture; about 0.5 for a garment drawn at "
                "random. "
                "The others: the share of users who truly like it better than the first garment "
                "retrieved for them, and than the best that exists for them, which no "
                "recommender can know. The truth is known because the shoppers are simulated; no "
                "model sees it.",
            )
        ],
    )


def print_table(rows: dict[str, dict[str, float | None]], columns: list[str]) -> None:
    """Prints a table to stdout."""
    click.echo("\n" + f"{'':18}" + "".join(f"{name:>16}" for name in columns))
    for name, row in rows.items():
        cells = (
            f"{'-':>16}" if row[column] is None else f"{row[column]:16.4f}" for column in columns
        )
        click.echo(f"{name:18}" + "".join(cells))


def say(text: str) -> None:
    """Prints a line of progress to stderr."""
    click.echo(text, err=True)


if __name__ == "__main__":
    quickstart()
