"""The table that compares models: as text, as LaTeX, and as a section of a page."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from keras_fashion.app.report.html import Column, Section, Table, Text, write_report
from keras_fashion.evaluation.comparison import HEADLINE, Comparison
from keras_fashion.evaluation.significance import Estimate

WIDTH = 13
"""Characters of a column of the text table."""


def metric_tables(metrics: Sequence[str]) -> list[list[str]]:
    """Splits metrics into those of the AUC and those of lists, the matched AUC first."""
    aucs = sorted(
        (name for name in metrics if name.startswith("auc_")), key=lambda n: n != HEADLINE
    )
    lists = [name for name in metrics if not name.startswith("auc_")]
    return [aucs, lists] if lists else [aucs]


def metric_label(metric: str) -> str:
    """How a table calls a metric: the AUCs by their group, a list's metric with its length."""
    return metric.removeprefix("auc_").replace("_", " ")


def comparison_text(comparison: Comparison) -> str:
    """Two tables, means over intervals, and a line a test; 100 characters wide with short names."""
    models = comparison.models
    first = max(len(name) for name in models) + 2
    lines = []
    for metrics in metric_tables(list(models[comparison.reference])):
        title = "AUC" if HEADLINE in metrics else ""
        lines.append(f"{title:{first}}" + "".join(f"{metric_label(m):>{WIDTH}}" for m in metrics))
        for name, row in models.items():
            cells = [row[metric] for metric in metrics]
            means = "".join(
                f"{'-' if cell is None else f'{cell.mean:.3f}':>{WIDTH}}" for cell in cells
            )
            lines.append(f"{name:{first}}{means}")
            lines.append(" " * first + "".join(f"{_ends(cell):>{WIDTH}}" for cell in cells))
        lines.append("")
    lines.append(f"{title_of(comparison)}; below each mean its 95 % interval.")
    lines += tests_in_words(comparison)
    return "\n".join(line.rstrip() for line in lines)


def comparison_latex(comparison: Comparison) -> str:
    """Plain tabulars that need no package, the best mean of a column bold, intervals below."""
    models = comparison.models
    tables = []
    for metrics in metric_tables(list(models[comparison.reference])):
        best = {
            metric: max(_printed(row[metric]) for row in models.values())
            for metric in metrics
            if _best(metric)
        }
        heads = " & ".join(_escaped(metric_label(metric)) for metric in metrics)
        lines = [rf"\begin{{tabular}}{{l{'r' * len(metrics)}}}", r"\hline"]
        lines += [rf"model & {heads} \\", r"\hline"]
        for name, row in models.items():
            means = (
                rf"\textbf{{{text}}}" if text and text == best.get(metric) else text or "--"
                for metric, text in ((metric, _printed(row[metric])) for metric in metrics)
            )
            intervals = (rf"{{\scriptsize {_ends(row[metric])}}}" for metric in metrics)
            lines.append(rf"{_escaped(name)} & {' & '.join(means)} \\")
            lines.append(rf" & {' & '.join(intervals)} \\")
        tables.append("\n".join([*lines, r"\hline", r"\end{tabular}"]))
    notes = "\n".join(f"% {line}" for line in [title_of(comparison), *tests_in_words(comparison)])
    return f"{notes}\n" + "\n\n".join(tables)


def comparison_section(comparison: Comparison) -> Section:
    """Both tables and the tests, for a page."""
    models = comparison.models
    tables = [
        Table(
            "AUC" if HEADLINE in metrics else "Lists of the k best items",
            [Column("model"), *(Column(metric_label(m), _best(m)) for m in metrics)],
            [[name, *(row[metric] for metric in metrics)] for name, row in models.items()],
            note=NOTES[0] if HEADLINE in metrics else NOTES[1],
        )
        for metrics in metric_tables(list(models[comparison.reference]))
    ]
    tests = Table(
        f"Matched AUC less that of {comparison.reference}, in pairs over the same users",
        [Column("model"), Column("difference"), Column("p", digits=4), Column("users")],
        [
            [name, *((test.difference, test.p_value, test.users) if test else (None,) * 3)]
            for name, test in comparison.tests.items()
        ],
        note="Fisher's randomization test, two-sided, not corrected for the number of rows. "
        f"{comparison.reference} is the run that was named first.",
    )
    return Section("Comparison", [Text(title_of(comparison) + "."), *tables, tests])


def write_comparison(path: Path, comparison: Comparison, catalogue: str) -> None:
    """Writes a page of its own, replaced where it exists.

    Args:
        path: Of the HTML file.
        comparison: What was measured.
        catalogue: Its name, for the title.
    """
    write_report(path, f"Recommenders on {catalogue}", [comparison_section(comparison)])


NOTES = (
    "All items the user has no interaction with are negatives, none is sampled; a tie counts "
    "half. Matched: only items with as many training interactions as the held-out one, so that "
    "popularity gains little. Warm: items with 5 or more training interactions; cold: fewer; new: "
    "none. In small print intervals of 95 %, from a bootstrap over users.",
    "Recall@k: share of users whose held-out item is among the first k of the whole catalogue, "
    "without what they have. NDCG@k: 1 / log2(1 + rank) there. MRR: mean of 1 / rank; an item "
    "that ties with others takes the middle of their ranks. Coverage@k: share of the catalogue "
    "that is in at least one user's first k; no mean over users, so without an interval.",
)


def _best(metric: str) -> Literal["highest"] | None:
    """Coverage has no best: random scores cover the most."""
    return None if metric.startswith("coverage@") else "highest"


def title_of(comparison: Comparison) -> str:
    """Whose means these are, in a line."""
    return f"Means over the {comparison.part} interactions of {comparison.users:,} users"


def tests_in_words(comparison: Comparison) -> Iterator[str]:
    """A line a model: its matched AUC less the reference's."""
    for name, test in comparison.tests.items():
        start = f"matched AUC of {name} less {comparison.reference}'s: "
        if test is None:
            yield start + "not measured, for want of users."
            continue
        ends = _ends(test.difference, signed=True)
        interval = f" ({ends})" if ends else ""
        yield f"{start}{test.difference.mean:+.3f}{interval}, p = {test.p_value:.4f}"


def _printed(estimate: Estimate | None) -> str:
    return "" if estimate is None else f"{estimate.mean:.3f}"


def _ends(estimate: Estimate | None, signed: bool = False) -> str:
    if estimate is None or estimate.low is None:
        return ""
    if signed:
        return f"{estimate.low:+.3f} to {estimate.high:+.3f}"
    return f"{estimate.low:.3f}-{estimate.high:.3f}"


def _escaped(text: str) -> str:
    """Text for LaTeX, whatever a folder is called."""
    special = {each: "\\" + each for each in "&%$#_{}"}
    special |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(character, character) for character in text)
