"""What run folders of version 0.1 call by other names; this version reads them under its own."""

from collections.abc import Sequence
from typing import Any

RENAMED_OPTIONS = {
    "regularisation": "regularization",
    "encoder_regularisation": "encoder_regularization",
    "style_size": "embedding_size",
    "metrics_count": "num_metrics_pictures",
}
"""Options in `config.json` and their names since version 0.2."""

_SCORES = ("fid", "kid", "precision", "recall", "density", "coverage", "accuracy")
_RENAMED_SCORES = {"fid": "frechet_distance", "kid": "kernel_distance"}
_RENAMED_PREFIXES = {"": "", "imagenet_": "imagenet_", "classifier_": "category_"}

RENAMED_COLUMNS = {
    old + score: new + _RENAMED_SCORES.get(score, score)
    for old, new in _RENAMED_PREFIXES.items()
    for score in _SCORES
}
"""Columns of `history.csv` and their names since version 0.2."""


def present_options(options: dict[str, Any]) -> dict[str, Any]:
    """Returns the options of a run under their present names.

    The preset "default" of a GAN of version 0.1 is called "least-squares" since version 0.2.

    Args:
        options: Options as `config.json` has them.

    Example:
        >>> present_options({"preset": "default", "metrics_count": 2000})
        {'preset': 'least-squares', 'num_metrics_pictures': 2000}
    """
    present = {RENAMED_OPTIONS.get(name, name): value for name, value in options.items()}
    if "metrics_count" in options and options["preset"] == "default":
        present["preset"] = "least-squares"
    return present


def present_history(
    header: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[list[str], list[list[str]]]:
    """Returns a history with the columns that this version logs, in the order that it writes them.

    Args:
        header: Names of the columns, `epoch` first.
        rows: Values of the rows.

    Returns:
        The header and the rows, which are the given ones if the names are already the present ones.

    Example:
        >>> present_history(["epoch", "fid", "loss"], [["0", "9.5", "2.0"]])
        (['epoch', 'frechet_distance', 'loss'], [['0', '9.5', '2.0']])
    """
    names = [RENAMED_COLUMNS.get(name, name) for name in header]
    if names == list(header):
        return list(header), [list(row) for row in rows]
    deviations = {f"{name}_deviation" for name in names if name.endswith("kernel_distance")}
    ordered = ["epoch", *sorted({*names, *deviations} - {"epoch"})]
    values = [dict(zip(names, row, strict=True)) for row in rows]
    return ordered, [[row.get(name, "nan") for name in ordered] for row in values]
