"""`keras-fashion design`: new garments for a user, a group, or clusters of users."""

import json
from math import isfinite
from pathlib import Path
from typing import Any

import click

from keras_fashion.app.cli.parameters import (
    EXISTING,
    DayParam,
    hold_option,
    json_option,
    out_folder_option,
    seed_option,
)
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow
from keras_fashion.design.procedure import PROCEDURES


@click.command(cls=PlainCommand)
@click.argument("recommender", type=EXISTING)
@click.argument("gan", type=EXISTING)
@click.option("--user", "user_ids", multiple=True, help="Id of a user; several make a group.")
@click.option(
    "--weight",
    "weights",
    type=click.FloatRange(0),
    multiple=True,
    help="Weight of a user in the group; one for each, in the same order.  [default: equal]",
)
@click.option(
    "--aggregation",
    type=click.Choice(["mean", "least-misery", "soft-min"]),
    help="How the preferences of a group become one.  [default: mean]",
)
@click.option(
    "--clusters",
    type=int,
    help="Number of clusters of all users to design for, instead of --user.",
)
@click.option("--category", required=True, help="Category of the designs.")
@click.option(
    "--count", type=click.IntRange(1), default=3, show_default=True, help="Number of designs."
)
@click.option(
    "--eta",
    "etas",
    type=click.FloatRange(0),
    multiple=True,
    default=(PROCEDURES["default"].eta,),
    show_default=True,
    help="Weight of realism; several make a sweep, with a row of the sheet for each.",
)
@hold_option
@click.option(
    "--procedure",
    type=click.Choice(["default", "dvbpr"]),
    default="default",
    show_default=True,
    help="How to search: as this package does by default, or as the paper's code does.",
)
@click.option(
    "--judge",
    "judges",
    type=EXISTING,
    multiple=True,
    help="Run of another DVBPR, of another seed, whose preferences count as much as those of "
    "RECOMMENDER; may be given several times.",
)
@click.option(
    "--unseen",
    type=EXISTING,
    help="Run of another DVBPR, of another seed, that scores the designs and has no part in them.",
)
@click.option(
    "--at",
    type=DayParam(),
    help="Day for which to design, with the trend and the season of its month. For recommenders "
    "that know time, trained with --split-time and with --history or --time-terms.",
)
@seed_option("Seed of the search and of the clusters.", maximum=2**31 - 1)
@out_folder_option
@json_option
def design(
    recommender: Path,
    gan: Path,
    user_ids: tuple[str, ...],
    weights: tuple[float, ...],
    aggregation: str | None,
    clusters: int | None,
    category: str,
    count: int,
    etas: tuple[float, ...],
    hold: tuple[str, ...],
    procedure: str,
    judges: tuple[Path, ...],
    unseen: Path | None,
    at: int | None,
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    """Design garments with the runs of a DVBPR and of a GAN.

    Writes design_1.png and so on, the best of each row first, latents.npy with the latent of each,
    and sheet.png with the items that the users bought, the items that suit them best, and the
    designs.

    The preference for a design is also given as the share of the category's items that the users
    like less; for a cluster this is the mean over a hundred of its users. With --judge, it is the
    preference by RECOMMENDER and all judges together.
    """
    if bool(user_ids) == (clusters is not None):
        raise click.UsageError("give either --user, once or more, or --clusters.")
    if clusters is not None and (weights or aggregation):
        raise click.UsageError("--weight and --aggregation are for a group of --user.")
    if weights and len(weights) != len(user_ids):
        raise click.UsageError(f"{len(weights)} --weight for {len(user_ids)} --user.")
    if not all(map(isfinite, (*etas, *weights))) or (weights and not any(weights)):
        raise click.UsageError("--eta and --weight are finite, and not all weights are 0.")
    if hold and procedure != "default":
        raise click.UsageError("--hold is for the default --procedure.")
    quiet_tensorflow()
    import numpy as np

    from keras_fashion.app.dated_run import DatedRun
    from keras_fashion.app.report.design_sheets import design_sheet
    from keras_fashion.app.report.design_table import design_table
    from keras_fashion.app.report.picture_files import write_numbered_pictures
    from keras_fashion.app.run import Run
    from keras_fashion.app.run_checks import require_independent_dvbpr, require_matching_pair
    from keras_fashion.design import AGGREGATIONS, PreferenceMaximizer
    from keras_fashion.design.attribute_labels import attribute_directions
    from keras_fashion.design.targets import DesignTarget, design_for_targets
    from keras_fashion.design.user_clusters import cluster_users
    from keras_fashion.models.recommender_ensemble import RecommenderEnsemble
    from keras_fashion.models.trained import TrainedRecommender

    run, drawn = require_matching_pair(Run(recommender), Run(gan))
    seen = [run]
    for judge in judges:
        seen.append(require_independent_dvbpr(Run(judge), *seen))
    other = None if unseen is None else require_independent_dvbpr(Run(unseen), *seen)
    if at is not None:
        run, *_ = seen = [DatedRun(each, at) for each in seen]
        other = None if other is None else DatedRun(other, at)
    deciding: TrainedRecommender = RecommenderEnsemble(seen) if judges else run
    index = run.catalogue.category_index(category)
    if clusters is None:
        users = [run.trained_user(user_id) for user_id in user_ids]
        table = deciding.vectors.users
        targets = [DesignTarget.of_users(run.catalogue, table, users, weights or None)]
    else:
        user_clusters = cluster_users(
            deciding.vectors.users, run.split, run.catalogue, clusters, seed
        )
        targets = [DesignTarget.of_cluster(cluster) for cluster in user_clusters]
    aggregate = AGGREGATIONS[aggregation or "mean"]
    maximizer = PreferenceMaximizer(deciding.model, drawn.model, PROCEDURES[procedure])
    fixed_directions = attribute_directions(drawn.model, run.catalogue, index, hold)
    designs = design_for_targets(
        maximizer, targets, index, count, etas, seed, aggregate, fixed_directions
    )

    rows = design_table(deciding, targets, index, etas, designs, other)
    sheet = design_sheet(deciding, maximizer, targets, index, etas, designs, aggregate)
    files = write_numbered_pictures(
        out,
        "design",
        np.concatenate(designs.pictures),
        np.concatenate(designs.latents),
        sheet,
    )
    rows = [{"file": str(file)} | row for file, row in zip(files, rows, strict=True)]
    if as_json:
        answer: dict[str, Any]
        answer = {"users": user_ids} if clusters is None else {"clusters": clusters}
        answer |= {"category": category, "designs": rows}
        answer |= {"latents": str(out / "latents.npy"), "sheet": str(out / "sheet.png")}
        click.echo(json.dumps(answer))
        return
    for row in rows:
        click.echo(_line(row))
    click.echo(out / "sheet.png")


def _line(row: dict[str, Any]) -> str:
    line = (
        f"{row['file']}  {row['for']}, eta {row['eta']:g}: preference {row['preference']:.3f}, "
        f"realism {row['realism']:.3f}, liked better than {row['liked_less']:.0%}"
    )
    if "members" in row:
        line += f" ({', '.join(f'{each} {share:.0%}' for each, share in row['members'].items())})"
    if "unseen" in row:
        line += (
            f"; standard preference {row['standard']:.2f}, unseen {row['unseen']:.2f}, "
            f"gap {row['gap']:.2f}"
        )
    return line
