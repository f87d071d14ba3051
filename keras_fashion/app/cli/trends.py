"""`keras-fashion trends`: what rises and falls, and a user's designs through the year."""

import json
from pathlib import Path
from typing import Any

import click

from keras_fashion.app.cli.parameters import EXISTING, json_option, out_folder_option
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow


@click.command(cls=PlainCommand)
@click.argument("recommender", type=EXISTING)
@click.argument("gan", type=EXISTING, required=False)
@click.option("--user", "user_id", help="Id of the user for whom GAN designs.")
@click.option(
    "--category",
    help="Category whose items are compared, and of the designs.  [default: all items; designs "
    "need a category]",
)
@out_folder_option
@json_option
def trends(
    recommender: Path,
    gan: Path | None,
    user_id: str | None,
    category: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Tell what rises and falls, by a recommender that knows time.

    RECOMMENDER is the run of a vbpr or a dvbpr that was trained with --split-time and --time-terms.
    Writes trends.csv with each category and each value of an attribute by quarter and by month,
    trends.png with those that rise and fall most, and items.png with the items that do, and with
    those of each season.

    With GAN and --user it also writes strip.png: the best design for the user in each of the
    twelve months after training, by a DVBPR.

    Trends and seasons are in standard deviations of a user's scores over the items.
    """
    if (gan is None) != (user_id is None):
        raise click.UsageError("GAN and --user go together.")
    if gan is not None and category is None:
        raise click.UsageError("designs need a --category.")
    quiet_tensorflow()
    import numpy as np

    from keras_fashion.app.report import trend_report as report
    from keras_fashion.app.run import Run
    from keras_fashion.app.run_checks import require_matching_pair, require_time_terms
    from keras_fashion.data import format_month
    from keras_fashion.design import PreferenceMaximizer
    from keras_fashion.evaluation.fashion_trends import item_trends, value_trends

    run, drawn = require_time_terms(Run(recommender)), None
    if gan is not None:
        run, drawn = require_matching_pair(run, Run(gan))
    catalogue = run.catalogue
    items = None
    if category is not None:
        index = catalogue.category_index(category)
        items = np.flatnonzero(catalogue.item_categories == index)
    of_items = item_trends(run, items)
    of_values = value_trends(of_items, catalogue)
    answer: dict[str, Any] = {"category": category, **report.trend_lists(of_values)}
    strip = None
    if drawn is not None and user_id is not None:
        user, maximizer = run.trained_user(user_id), PreferenceMaximizer(run.model, drawn.model)
        months, designs = report.designs_by_month(run, maximizer, user, index)
        title = f"{category} for {user_id} in each month after training, with the preference"
        strip = report.design_strip(months, designs, title)
        answer["user"] = user_id
        answer["designs"] = [
            {"month": format_month(month), "preference": preference, "realism": realism}
            for month, preference, realism in zip(
                months,
                designs.preference[:, 0].tolist(),
                designs.realism[:, 0].tolist(),
                strict=True,
            )
        ]
    answer["files"] = report.write_trend_files(
        out,
        report.trend_table(of_values),
        report.trend_plot(of_values),
        report.trend_sheet(catalogue, of_items, category),
        strip,
    )
    if as_json:
        click.echo(json.dumps(answer))
        return
    _print(answer)


def _print(answer: dict[str, Any]) -> None:
    first, last = answer["quarters"][:1], answer["quarters"][-1:]
    lists = {
        f"{direction} from {first[0]} to {last[0]}:": answer[direction]
        for direction in ("rises", "falls")
        if direction in answer
    }
    lists |= {f"{each['season']}:": each["values"] for each in answer.get("seasons", [])}
    if not any(lists.values()):
        click.echo("no category or value of an attribute has enough of these items, but not all")
        lists = {}
    for title, rows in lists.items():
        click.echo(title)
        for row in rows:
            figure = row["change"] if "change" in row else row["mean"]
            peak = f"; most in {row['peak']}" if "peak" in row else ""
            of = f"{row['column']}, {row['items']:,} items"
            click.echo(f"  {figure:+.2f}  {row['value']} ({of}){peak}")
    for design in answer.get("designs", []):
        click.echo(
            f"{design['month']}: preference {design['preference']:.3f}, "
            f"realism {design['realism']:.3f}"
        )
    for file in answer["files"].values():
        click.echo(file)
