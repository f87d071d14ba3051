r"""Design measured: the talk's table, cost, redesign, groups, and the truth where it is known.

    keras-fashion train dvbpr CATALOGUE --history 64 --out runs/dvbpr
    keras-fashion train dvbpr CATALOGUE --history 64 --seed 1 --out runs/unseen
    keras-fashion train gan CATALOGUE --out runs/gan
    python recipes/design_study.py runs/dvbpr runs/gan --unseen runs/unseen --out runs/design

The second DVBPR evaluates the designs independently: they were not optimized for it. On an atelier
the truth is known as well. Writes results.json and the pictures people.png and redesign.png under
--out.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import pandas as pd

from keras_fashion.app.cli import PlainCommand, quiet_tensorflow

quiet_tensorflow()

# ruff: noqa: E402
from keras_fashion import atomic_write
from keras_fashion.app import Run, require_independent_dvbpr, require_matching_pair
from keras_fashion.app.report import redesigns_sheet, users_sheet
from keras_fashion.data import TRUTH_FILE, Oracle
from keras_fashion.design import PROCEDURES, PreferenceMaximizer
from keras_fashion.evaluation import (
    GenerationStudy,
    bootstrap_mean,
    generation_study,
    group_study,
    maximized_designs,
    redesign_study,
    true_utilities,
)
from keras_fashion.features import category_classifier
from keras_fashion.models import RecommenderEnsemble, TrainedRecommender

COUNT = click.IntRange(1)

TIMED = 24
"""Users over whom the cost is taken."""

TRUTHS = ("utility", "recovery", "above_retrieved", "above_best")


@click.command(cls=PlainCommand)
@click.argument("recommender", type=click.Path(exists=True, path_type=Path))
@click.argument("gan", type=click.Path(exists=True, path_type=Path))
@click.option("--unseen", type=click.Path(exists=True, path_type=Path), required=True)
@click.option(
    "--judge",
    "judges",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Run of another DVBPR that decides with RECOMMENDER; may be given several times.",
)
@click.option("--out", type=click.Path(path_type=Path), default="runs/design", show_default=True)
@click.option(
    "--users", type=COUNT, default=120, show_default=True, help="Who get three pictures each."
)
@click.option(
    "--users-for-eta", type=COUNT, default=36, show_default=True, help="Of them, at every eta."
)
@click.option("--redesigns", type=COUNT, default=24, show_default=True, help="Items to change.")
@click.option("--groups", type=COUNT, default=60, show_default=True, help="Of four users.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
def design_study(
    recommender: Path,
    gan: Path,
    unseen: Path,
    judges: tuple[Path, ...],
    out: Path,
    users: int,
    users_for_eta: int,
    redesigns: int,
    groups: int,
    seed: int,
) -> None:
    """Measure the designs of the runs RECOMMENDER and GAN."""
    run, drawn = require_matching_pair(Run(recommender), Run(gan))
    seen = [run]
    for judge in judges:
        seen.append(require_independent_dvbpr(Run(judge), *seen))
    independent = require_independent_dvbpr(Run(unseen), *seen)
    deciding: TrainedRecommender = RecommenderEnsemble(seen) if judges else run
    maximizers = {
        "generation": PreferenceMaximizer(deciding.model, drawn.model),
        "generation, dvbpr": PreferenceMaximizer(deciding.model, drawn.model, PROCEDURES["dvbpr"]),
    }
    study = generation_study(
        deciding,
        drawn.model,
        category_classifier(run.catalogue),
        maximizers,
        users,
        users_for_eta,
        unseen=independent,
        seed=seed,
    )
    strips = redesign_study(deciding, independent, maximizers["generation"], redesigns, seed)
    world = Path(run.catalogue.path)
    oracle = Oracle.load(world) if (world / TRUTH_FILE).is_file() else None
    shared = group_study(deciding, maximizers["generation"], oracle, groups, seed=seed)
    results = {
        "catalogue": run.catalogue.fingerprint,
        "users": len(study.users),
        "table": estimates(study.table()),
        "less_retrieval": estimates(study.less_retrieval()),
        "by_category": study.by_category().to_dict("records"),
        "eta": study.eta.to_dict("records"),
        "cost": cost(study, maximizers),
        "redesign": strips.to_dict("records"),
        "groups": shared.to_dict("records"),
        "seed": seed,
    }
    if oracle is not None:
        results["truth"] = true_means(oracle, study, run)
    out.mkdir(parents=True, exist_ok=True)
    with atomic_write(out / "results.json") as aside:
        aside.write_text(json.dumps(results, indent=2) + "\n")
    sheets = {
        "people.png": users_sheet(deciding, study.users[:8], study.categories[:8], study.designs),
        "redesign.png": redesigns_sheet(
            deciding, maximizers["generation"], study.users[:8], study.categories[:8], seed
        ),
    }
    for name, sheet in sheets.items():
        with atomic_write(out / name) as aside:
            sheet.save(aside, "PNG")

    say("Three pictures for each user", pd.DataFrame(means(results["table"])).T)
    say("Less retrieval, user by user", pd.DataFrame(means(results["less_retrieval"])).T)
    say("By category", study.by_category())
    say("Over eta", study.eta)
    say("Cost, networks traced and prior scored before", pd.DataFrame(results["cost"]).T)
    say("Redesign, means over strips", strips)
    say("A picture for each group of four", shared)
    if "truth" in results:
        say("Truth, of the first picture", pd.DataFrame(means(results["truth"])).T)
    click.echo(f"{out / 'results.json'}")


def cost(
    study: GenerationStudy, maximizers: dict[str, PreferenceMaximizer]
) -> dict[str, dict[str, float]]:
    """Evaluations and seconds for a user, by procedure, once more for the first users."""
    users, categories = study.users[:TIMED], study.categories[:TIMED]
    rows = {}
    for name, maximizer in maximizers.items():
        started = time.perf_counter()
        designs = maximized_designs(maximizer, users, categories, seed=0)
        seconds = time.perf_counter() - started
        rows[name] = {
            "evaluations": designs.evaluations / len(users),
            "seconds": seconds / len(users),
        }
    return rows


def true_means(oracle: Oracle, study: GenerationStudy, run: Run) -> dict[str, dict[str, Any]]:
    """Computes the means over users of the true measures of each method's first picture."""
    names = [run.catalogue.categories[category] for category in study.categories]
    rows = true_utilities(oracle, study.users, names, study.pictures)
    return estimates(
        {
            method: {name: bootstrap_mean(group[name].to_numpy()) for name in TRUTHS}
            for method, group in rows.groupby("method", sort=False)
        }
    )


def estimates(table: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Returns a table of estimates as JSON stores it."""
    return {
        method: {name: each and asdict(each) for name, each in row.items()}
        for method, row in table.items()
    }


def means(table: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Returns the table of `estimates` as text: mean (low to high)."""

    def shown(each: dict[str, Any] | None) -> str:
        if each is None or each["low"] is None:
            return "-" if each is None else f"{each['mean']:.3f}"
        return f"{each['mean']:.3f} ({each['low']:.3f} to {each['high']:.3f})"

    return {
        method: {name: shown(each) for name, each in row.items()} for method, row in table.items()
    }


def say(title: str, table: pd.DataFrame) -> None:
    """Prints a table to stdout."""
    click.echo(f"\n{title}\n{table.to_string(float_format='{:.3f}'.format)}")


if __name__ == "__main__":
    design_study()
