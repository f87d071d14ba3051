"""`keras-fashion design`: new garments for a user, a group, or clusters of users."""

import json
from math import isfinite
from pathlib import Path

import click

from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow


@click.command()
@click.argument("recommender", type=click.Path(exists=True, path_type=Path))
@click.argument("gan", type=click.Path(exists=True, path_type=Path))
@click.option("--user", "user_ids", multiple=True, help="Id; repeat for a group.")
@click.option(
    "--weight",
    "weights",
    type=click.FloatRange(0),
    multiple=True,
    help="Of a user in the group; one for each, in their order.  [default: equal]",
)
@click.option(
    "--aggregation",
    type=click.Choice(["mean", "least-misery", "soft-min"]),
    help="How the group's preferences become one.  [default: mean]",
)
@click.option("--clusters", type=int, help="Cluster all users and design for each cluster instead.")
@click.option("--category", required=True, help="What to design.")
@click.option("--count", type=click.IntRange(1), default=3, show_default=True, help="Designs.")
@click.option(
    "--eta",
    "etas",
    type=click.FloatRange(0),
    multiple=True,
    default=(1.0,),
    show_default=True,
    help="Weight of realism; repeat for a sweep, a row of the sheet each.",
)
@click.option("--hold", multiple=True, help="An attribute to keep, as in `edit`; repeat for more.")
@click.option(
    "--procedure",
    type=click.Choice(["default", "dvbpr"]),
    default="default",
    show_default=True,
    help="How to search: ours, or as the paper's code does.",
)
@click.option(
    "--unseen",
    type=click.Path(exists=True, path_type=Path),
    help="Run of a DVBPR trained with another seed, asked what it thinks of the designs.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=0,
    show_default=True,
    help="Decides where the restarts begin, and clusters.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
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
    unseen: Path | None,
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    """Design garments with the runs of a DVBPR and of a GAN.

    Writes design_1.png and so on, the best of each row first, latents.npy, the latent of each, and
    sheet.png: what the users bought, what exists and suits them best, and the designs.

    Preference is also given as the share of the category's items that users like less: of a
    cluster, the mean over a hundred members.
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

    from keras_fashion.app.report.design_sheets import design_sheet
    from keras_fashion.app.report.design_table import design_table
    from keras_fashion.app.report.picture_files import write_picture_folder
    from keras_fashion.app.run import Run, independent_recommender, matching_pair
    from keras_fashion.design import AGGREGATIONS, PROCEDURES, PreferenceMaximizer
    from keras_fashion.design.attribute_labels import attribute_directions
    from keras_fashion.design.targets import DesignTarget, design_for_targets
    from keras_fashion.design.user_clusters import cluster_users

    run, drawn = matching_pair(Run(recommender), Run(gan))
    other = None if unseen is None else independent_recommender(Run(unseen), run)
    index = run.catalogue.category_index(category)
    if clusters is None:
        users = [run.trained_user(user_id) for user_id in user_ids]
        targets = [DesignTarget.of_users(run.catalogue, run.vectors.users, users, weights or None)]
    else:
        found = cluster_users(run.vectors.users, run.split, run.catalogue, clusters, seed)
        targets = [DesignTarget.of_cluster(cluster) for cluster in found]
    how = AGGREGATIONS[aggregation or "mean"]
    maximizer = PreferenceMaximizer(run.model, drawn.model, PROCEDURES[procedure])
    fixed_directions = attribute_directions(drawn.model, run.catalogue, index, hold)
    designs = design_for_targets(
        maximizer, targets, index, count, etas, seed, how, fixed_directions
    )

    rows = design_table(run, targets, index, etas, designs, other)
    sheet = design_sheet(run, maximizer, targets, index, etas, designs, how)
    files = write_picture_folder(
        out,
        "design",
        np.concatenate(designs.pictures),
        np.concatenate(designs.latents),
        sheet,
    )
    rows = [{"file": str(file)} | row for file, row in zip(files, rows, strict=True)]
    if as_json:
        found = {"users": user_ids} if clusters is None else {"clusters": clusters}
        found |= {"category": category, "designs": rows}
        found |= {"latents": str(out / "latents.npy"), "sheet": str(out / "sheet.png")}
        click.echo(json.dumps(found))
        return
    for row in rows:
        click.echo(_line(row))
    click.echo(out / "sheet.png")


def _line(row: dict) -> str:
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
