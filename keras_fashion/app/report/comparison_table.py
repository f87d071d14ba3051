"""Tables that compare recommenders: as text, as LaTeX, and as a section of an HTML page."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from keras_fashion.app.report.html import Column, Section, Table, Text, write_report
from keras_fashion.evaluation.comparison import PRIMARY_METRIC, Comparison
from keras_fashion.evaluation.significance import Estimate

AUC_NOTE = (
    "All items that the user has no interaction with are negatives; none is sampled. A tie counts "
    "half. Matched: only items with as many training interactions as the held-out one, so that "
    "popularity gains little. Warm: items with 5 or more training interactions; cold: fewer; new: "
    "none."
)
"""Explanation of the AUCs, for a page."""

LIST_NOTE = (
    "Recall@k: share of users whose held-out item is among the first k of the whole catalogue, "
    "without the items that they already have. NDCG@k: 1 / log2(1 + rank) if it is, else 0. MRR: "
    "mean of 1 / rank, where an item that ties with others has the middle of their ranks."
)
"""Explanation of the metrics of top-k lists, for a page."""

CONTENTS_NOTE = (
    "What is recommended, whether it is bought or not; neither high nor low is good. Coverage@k: "
    "share of the catalogue that is in the first k of at least one user; it is not a mean over "
    "users and has no interval. Diversity@k: share of the columns of the catalogue (category and "
    "attributes) in which two items of a list differ. Novelty@k: mean of -log2 of the share of "
    "users who bought an item in training, in bits. Popularity lift@k: how much more popular the "
    "items are than those that the same users bought; 0 means as popular, 1 twice as popular."
)
"""Explanation of the metrics of what is in top-k lists, for a page."""

CONTENTS = ("coverage", "diversity", "novelty", "popularity_lift")
"""Metrics that describe a list, of which no value is best: random scores are very diverse."""


def metric_groups(metrics: Sequence[str]) -> list[list[str]]:
    """Splits metrics into groups, one table for each.

    Args:
        metrics: Names of metrics.

    Returns:
        The AUCs, the matched one first; the metrics of the held-out items' places in top-k lists;
        and for each k those that describe its lists. Groups without metrics are left out.

    Example:
        >>> metric_groups(["auc_all", "auc_matched", "recall@10", "novelty@10", "coverage@10"])
        [['auc_matched', 'auc_all'], ['recall@10'], ['coverage@10', 'novelty@10']]
    """
    aucs = sorted(
        (name for name in metrics if name.startswith("auc_")),
        key=lambda name: name != PRIMARY_METRIC,
    )
    contents: dict[str, list[str]] = {}
    for name in filter(_describes_lists, metrics):
        contents.setdefault(name.partition("@")[2], []).append(name)
    places = [each for each in metrics if not (each in aucs or _describes_lists(each))]
    return [group for group in (aucs, places, *map(sorted, contents.values())) if group]


def metric_label(metric: str) -> str:
    """Returns the heading of a metric's column.

    Example:
        >>> metric_label("auc_matched_cold"), metric_label("recall@10")
        ('matched cold', 'recall@10')
    """
    return metric.removeprefix("auc_").replace("_", " ")


def means_text(rows: Mapping[str, Mapping[str, float | None]]) -> str:
    """Formats means without intervals, in one table for each group of metrics.

    Args:
        rows: The metrics of each model; None for what was not measured.

    Returns:
        Text, with "-" for what was not measured.

    Example:
        >>> print(means_text({"poprank": {"auc_matched": 0.5, "recall@10": None}}))
        AUC     matched
        poprank  0.5000
                recall@10
        poprank         -
    """
    tables = []
    for metrics in metric_groups(list(next(iter(rows.values())))):
        cells = {
            metric_label(metric): [_number(row[metric], 4) or "-" for row in rows.values()]
            for metric in metrics
        }
        frame = pd.DataFrame(cells, index=pd.Index(list(rows)))
        tables.append(frame.rename_axis(columns=_title(metrics)).to_string())
    return "\n".join(tables)


def comparison_text(comparison: Comparison) -> str:
    """Formats a comparison as text.

    Args:
        comparison: The metrics of the models.

    Returns:
        Tables of the means with their intervals below them, and a line for each test. No line has
        more than 100 characters if the models' names are short.

    Example:
        >>> from keras_fashion.evaluation.comparison import Comparison
        >>> from keras_fashion.evaluation.significance import Estimate
        >>> models = {
        ...     "poprank": {"auc_matched": Estimate(0.5, 0.4, 0.6)},
        ...     "dvbpr": {"auc_matched": Estimate(0.7, 0.6, 0.8)},
        ... }
        >>> comparison = Comparison("test", 99, models, "dvbpr", {})
        >>> print(comparison_text(comparison))
        AUC          matched
        poprank        0.500
                 0.400-0.600
        dvbpr          0.700
                 0.600-0.800
        <BLANKLINE>
        Means over the test interactions of 99 users; below each mean is its 95 % interval.
    """
    parts = []
    for metrics in metric_groups(_metrics(comparison)):
        frame = _cells(comparison, metrics, missing="-").set_index("model")
        parts += [frame.rename_axis(index=None, columns=_title(metrics)).to_string(), ""]
    parts.append(f"{comparison_title(comparison)}; below each mean is its 95 % interval.")
    parts += describe_tests(comparison)
    return "\n".join(line.rstrip() for part in parts for line in part.split("\n"))


def comparison_latex(comparison: Comparison) -> str:
    r"""Formats a comparison as LaTeX that needs no package.

    Args:
        comparison: The metrics of the models.

    Returns:
        A tabular for each group of metrics, with the best mean of a column in bold and intervals
        below the means, after comments with the title and the tests.

    Example:
        >>> from keras_fashion.evaluation.comparison import Comparison
        >>> from keras_fashion.evaluation.significance import Estimate
        >>> models = {
        ...     "poprank": {"auc_matched": Estimate(0.5, 0.4, 0.6)},
        ...     "dvbpr": {"auc_matched": Estimate(0.7, 0.6, 0.8)},
        ... }
        >>> comparison = Comparison("test", 99, models, "dvbpr", {})
        >>> print(comparison_latex(comparison))
        % Means over the test interactions of 99 users
        \begin{tabular}{lr}
        \hline
        model & matched \\
        \hline
        poprank & 0.500 \\
         & {\scriptsize 0.400-0.600} \\
        dvbpr & \textbf{0.700} \\
         & {\scriptsize 0.600-0.800} \\
        \hline
        \end{tabular}
        <BLANKLINE>
    """
    lines = [comparison_title(comparison), *describe_tests(comparison)]
    parts = ["\n".join(f"% {line}" for line in lines)]
    hlines: Any = [
        {"selector": rule, "props": ":hline;"} for rule in ("toprule", "midrule", "bottomrule")
    ]
    for metrics in metric_groups(_metrics(comparison)):
        frame = _cells(comparison, metrics, missing="--")
        # pandas escapes the text of a cell and then wraps it in the command of its style.
        styles = pd.DataFrame("", index=frame.index, columns=frame.columns)
        styles.iloc[1::2, 1:] = "scriptsize:--wrap;"
        for number, metric in enumerate(metrics, start=1):
            if _best(metric):
                means = frame.iloc[::2, number]
                best = means == means[means != "--"].max()
                styles.iloc[::2, number] = best.map({True: "textbf:--rwrap;", False: ""})
        styler = frame.style.hide(axis="index").set_table_styles(hlines)
        styler.apply(lambda _, styles=styles: styles, axis=None)
        styler.format(escape="latex").format_index(escape="latex", axis="columns")
        parts.append(styler.to_latex(column_format="l" + "r" * len(metrics)))
    return "\n".join(parts)


def comparison_section(comparison: Comparison) -> Section:
    """Makes the section of a page that shows a comparison.

    Args:
        comparison: The metrics of the models.

    Returns:
        A section with a table for each group of metrics and a table of the tests.
    """
    tables = [
        Table(
            title,
            [Column("model"), *(Column(metric_label(m), _best(m)) for m in metrics)],
            [
                [name, *(row[metric] for metric in metrics)]
                for name, row in comparison.models.items()
            ],
            note=note,
        )
        for metrics in metric_groups(_metrics(comparison))
        for title, note in [_title_and_note(metrics)]
    ]
    tests = Table(
        f"Difference of matched AUC to {comparison.reference}, paired over the same users",
        [Column("model"), Column("difference"), Column("p", digits=4), Column("users")],
        [
            [name, *((test.difference, test.p_value, test.users) if test else (None,) * 3)]
            for name, test in comparison.tests.items()
        ],
        note="Fisher's randomization test, two-sided, corrected for the number of rows by Holm's "
        "method. "
        f"{comparison.reference} is the run that was named first.",
    )
    return Section("Comparison", [Text(comparison_title(comparison) + "."), *tables, tests])


def write_comparison(path: Path, comparison: Comparison, catalogue: str) -> None:
    """Writes an HTML page with a comparison.

    Args:
        path: Path of the HTML file, which is replaced if it exists.
        comparison: The metrics of the models.
        catalogue: Name of the catalogue, for the title.
    """
    write_report(path, f"Recommenders on {catalogue}", [comparison_section(comparison)])


def comparison_title(comparison: Comparison) -> str:
    """Returns a line that says over which interactions the metrics are means."""
    return f"Means over the {comparison.part} interactions of {comparison.users:,} users"


def describe_tests(comparison: Comparison) -> Iterator[str]:
    """Yields a line for each tested model: its matched AUC minus the reference's."""
    for name, test in comparison.tests.items():
        start = f"matched AUC of {name} minus that of {comparison.reference}: "
        if test is None:
            yield start + "not measured, because no user can be compared."
            continue
        ends = _interval(test.difference, "+.3f", " to ")
        interval = f" ({ends})" if ends else ""
        yield f"{start}{test.difference.mean:+.3f}{interval}, p = {test.p_value:.4f}"


def _metrics(comparison: Comparison) -> list[str]:
    return list(comparison.models[comparison.reference])


def _title(metrics: Sequence[str]) -> str:
    return "AUC" if PRIMARY_METRIC in metrics else ""


def _title_and_note(metrics: Sequence[str]) -> tuple[str, str]:
    """Returns what stands above and below the table of a group of metrics on a page."""
    if PRIMARY_METRIC in metrics:
        return "AUC", f"{AUC_NOTE} The intervals of 95 % are from a bootstrap over users."
    if _describes_lists(metrics[0]):
        return "What is in the lists of the k best items", CONTENTS_NOTE
    return "Lists of the k best items", LIST_NOTE


def _describes_lists(metric: str) -> bool:
    return metric.partition("@")[0] in CONTENTS


def _best(metric: str) -> Literal["highest"] | None:
    """Returns which value is best; none where random scores have the highest."""
    return None if _describes_lists(metric) else "highest"


def _cells(comparison: Comparison, metrics: Sequence[str], missing: str) -> pd.DataFrame:
    """Returns the cells by model and metric: means in even rows, their intervals in odd ones."""
    rows = []
    for name, row in comparison.models.items():
        estimates = [row[metric] for metric in metrics]
        means = (_number(each.mean, 3) if each else missing for each in estimates)
        rows += [[name, *means], ["", *(_interval(each, ".3f", _dash(each)) for each in estimates)]]
    return pd.DataFrame(rows, columns=["model", *map(metric_label, metrics)])


def _dash(estimate: Estimate | None) -> str:
    """Returns what separates the ends of an interval: no dash where one of them has a minus."""
    return " to " if estimate and (estimate.low or 0) < 0 else "-"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _interval(estimate: Estimate | None, number_format: str, separator: str) -> str:
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    return f"{estimate.low:{number_format}}{separator}{estimate.high:{number_format}}"
