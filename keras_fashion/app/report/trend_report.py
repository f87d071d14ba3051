"""The report on what rises and falls: a table, a plot, a picture sheet, and a strip of designs."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
from matplotlib.figure import Figure
from PIL import Image

from keras_fashion.app.report.design_sheets import ITEM_SIZE
from keras_fashion.app.report.picture_sheets import PictureGroup, SheetRow, picture_sheet
from keras_fashion.app.report.plots import time_curves
from keras_fashion.atomic_files import atomic_write
from keras_fashion.data import MONTH_NAMES, Catalogue, format_month, format_quarter
from keras_fashion.design.preference_maximizer import Designs, PreferenceMaximizer
from keras_fashion.design.targets import DesignTarget, design_for_targets
from keras_fashion.evaluation.fashion_trends import SEASONS, ItemTrends, ValueTrends
from keras_fashion.models.context import Context
from keras_fashion.models.time_terms import MONTHS
from keras_fashion.models.trained import TrainedRecommender

NUM_VALUES = 5
"""Number of values in each list."""

NUM_ITEMS = 8
"""Number of items in each row of the sheet."""


def season_name(season: str) -> str:
    """Returns the name of a season with its months.

    Args:
        season: A key of `SEASONS`.

    Example:
        >>> season_name("spring")
        'spring (March to May)'
    """
    first, *_, last = SEASONS[season]
    return f"{season} ({MONTH_NAMES[first]} to {MONTH_NAMES[last]})"


def trend_lists(values: ValueTrends) -> dict[str, Any]:
    """Lists the values that rise and fall most, and those of each season.

    Args:
        values: Trend and season of the values.

    Returns:
        - "quarters": The quarters of training, such as "2019 Q3"; none without a trend.
        - "rises", "falls": Values, each with its "column", "value", number of "items", and
          "change" from the first quarter to the last; none without a trend.
        - "seasons": For each "season" its "values", each with the mean of these months, and with
          the month of its "peak"; none without seasons.
    """

    def row(position: int, **figures: Any) -> dict[str, Any]:
        return {
            "column": values.columns[position],
            "value": values.values[position],
            "items": len(values.members[position]),
            **figures,
        }

    lists: dict[str, Any] = {"quarters": [format_quarter(each) for each in values.quarters]}
    if len(values.quarters):
        change = values.rise()
        for name, sign in (("rises", 1), ("falls", -1)):
            leading = values.leading(sign * change, NUM_VALUES)
            lists[name] = [row(each, change=float(change[each])) for each in leading]
    if len(values.season):
        peaks, lists["seasons"] = values.season.argmax(axis=0), []
        for season, months in SEASONS.items():
            mean = values.in_months(months)
            rows = [
                row(each, mean=float(mean[each]), peak=MONTH_NAMES[peaks[each]])
                for each in values.leading(mean, NUM_VALUES)
            ]
            lists["seasons"].append({"season": season_name(season), "values": rows})
    return lists


def trend_table(values: ValueTrends) -> pd.DataFrame:
    """Makes a table with a row for each value.

    Args:
        values: Trend and season of the values.

    Returns:
        The columns "column", "value" and "items", then one for each quarter and each month.
    """
    table = pd.DataFrame(
        {
            "column": values.columns,
            "value": values.values,
            "items": [len(each) for each in values.members],
        }
    )
    for quarter, row in zip(values.quarters, values.trend, strict=True):
        table[format_quarter(quarter)] = row
    for name, row in zip(MONTH_NAMES, values.season, strict=False):
        table[name] = row
    return table


def trend_plot(values: ValueTrends) -> Figure | None:
    """Plots the values that rise and fall most, by quarter.

    Args:
        values: Trend and season of the values.

    Returns:
        A figure; None if no value rises or falls.
    """
    if not len(values.quarters):
        return None
    change, panels = values.rise(), {}
    for title, sign in (("rises most", 1), ("falls most", -1)):
        since = {
            f"{values.values[each]} ({values.columns[each].replace('_', ' ')})": (
                values.trend[:, each] - values.trend[0, each]
            ).tolist()
            for each in values.leading(sign * change, NUM_VALUES)
        }
        if since:
            panels[title] = since
    quarters = [format_quarter(each) for each in values.quarters]
    if not panels:
        return None
    return time_curves(panels, quarters, f"change since {quarters[0]}\nin standard deviations")


def trend_sheet(catalogue: Catalogue, trends: ItemTrends, category: str | None) -> Image.Image:
    """Draws the items that rise and fall most, and those of each season.

    Args:
        catalogue: Catalogue of the items.
        trends: Trend and season of the items.
        category: Name of the category that the items are of; None if they are of all.

    Returns:
        An RGB image.
    """
    scores = {}
    if len(trends.quarters):
        first, last = (format_quarter(each) for each in trends.quarters[[0, -1]])
        change = trends.rise()
        scores = {
            f"rises most, {first} to {last}": (change, 1),
            f"falls most, {first} to {last}": (change, -1),
        }
    if len(trends.season):
        scores |= {
            season_name(name): (trends.in_months(months), 1) for name, months in SEASONS.items()
        }
    rows = []
    for label, (values, sign) in scores.items():
        leading = trends.leading(sign * values, NUM_ITEMS)
        pictures = catalogue.pictures_of(trends.items[leading], ITEM_SIZE)
        captions = [f"{value:+.2f}" for value in values[leading]]
        rows.append(SheetRow(label, [PictureGroup("", pictures, captions)]))
    of = "" if category is None else f"{category}: "
    return picture_sheet(
        rows, f"{of}what rises and falls, in standard deviations of a user's scores"
    )


def designs_by_month(
    run: TrainedRecommender, maximizer: PreferenceMaximizer, user: int, category: int
) -> tuple[np.ndarray, Designs]:
    """Designs for a user in each of the twelve months after training.

    What the user bought and the seed of the search are the same for all months, so that differences
    between designs are those of the trend, which goes on, and of the season.

    Args:
        run: Trained DVBPR with `TimeTerms`.
        maximizer: Maximizer over its model and a GAN.
        user: Dense index of the user.
        category: Dense index of the category.

    Returns:
        - (12,) int, the months, counted from January 1970.
        - One design for each month, the best of its search.
    """
    months = run.model.time_terms.last_month + 1 + np.arange(MONTHS)
    everywhere = tf.fill([MONTHS], user)
    embeddings = run.model.user_embedding(everywhere, Context(month=tf.constant(months)))
    targets = [
        DesignTarget(format_month(month), np.array([user]), embedding[None], np.ones(1))
        for month, embedding in zip(months, embeddings.numpy(), strict=True)
    ]
    eta = maximizer.procedure.eta
    return months, design_for_targets(maximizer, targets, category, count=1, etas=[eta])


def design_strip(months: np.ndarray, designs: Designs, title: str) -> Image.Image:
    """Draws designs of `designs_by_month` side by side.

    Args:
        months: (n,) int, the months.
        designs: A design for each month.
        title: Title of the strip.

    Returns:
        An RGB image, with the preference below each design.

    Example:
        >>> pictures = np.zeros((2, 1, 64, 64, 3), np.uint8)
        >>> designs = Designs(pictures, np.zeros((2, 1, 4)), *np.ones((3, 2, 1)), evaluations=0)
        >>> design_strip(np.array([606, 607]), designs, "shopper-0001: Dresses").mode
        'RGB'
    """
    groups = [
        PictureGroup(format_month(month), pictures, [f"{preference:.2f}"])
        for month, pictures, (preference,) in zip(
            months, designs.pictures, designs.preference, strict=True
        )
    ]
    return picture_sheet([SheetRow("", groups)], title)


def write_trend_files(
    out: Path,
    table: pd.DataFrame,
    plot: Figure | None,
    sheet: Image.Image,
    strip: Image.Image | None,
) -> dict[str, str]:
    """Writes `trends.csv`, `trends.png`, `items.png` and `strip.png`.

    All files are written under other names before the first is renamed.

    Args:
        out: Folder of the files, which is made if it does not exist.
        table: Table of the values.
        plot: Plot of the values; None for none.
        sheet: Sheet of items.
        strip: Strip of designs; None for none.

    Returns:
        The path of each file that was written, by "table", "plot", "items" and "strip".

    Example:
        >>> import tempfile
        >>> sheet = Image.new("RGB", (16, 8))
        >>> out = Path(tempfile.mkdtemp())
        >>> [*write_trend_files(out, pd.DataFrame({"column": []}), None, sheet, None)]
        ['table', 'items']
    """
    paths = {"table": out / "trends.csv"}
    with ExitStack() as stack:
        table.to_csv(
            stack.enter_context(atomic_write(paths["table"])), index=False, float_format="%.4f"
        )
        if plot is not None:
            paths["plot"] = out / "trends.png"
            plot.savefig(stack.enter_context(atomic_write(paths["plot"])))
        for key, picture in (("items", sheet), ("strip", strip)):
            if picture is not None:
                paths[key] = out / f"{key}.png"
                picture.save(stack.enter_context(atomic_write(paths[key])), "PNG")
    return {key: str(path) for key, path in paths.items()}
