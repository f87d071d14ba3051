"""Plots of the report.

Each function takes numbers and returns a `matplotlib.figure.Figure` that is made without pyplot, so
that there is no global state and no window.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Palette of Okabe and Ito for color-blind readers, without its yellow and black."""

_MARKERS = ("o", "s", "^", "D", "v", "P")
_INK = "#333333"
_PANEL_WIDTH, _PANEL_HEIGHT = 3.4, 2.8  # inches


def training_curves(panels: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Plots curves by epoch, with a panel for each quantity.

    Args:
        panels: For each title of a panel, such as "validation AUC", the curves by name, such as
            "DVBPR". A curve has a value for each epoch, as in `History.history`. A name has the
            same color in all panels.

    Returns:
        A figure.

    Example:
        >>> figure = training_curves({"loss": {"BPR-MF": [0.7, 0.6], "DVBPR": [0.6, 0.4]}})
        >>> [axis.get_title() for axis in figure.axes]
        ['loss']
    """
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    figure, axes = _panels(panels)
    for axis, curves in zip(axes, panels.values(), strict=True):
        for name, values in curves.items():
            _line(axis, range(1, len(values) + 1), values, names.index(name), label=name)
        axis.set_xlabel("epoch")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    if len(names) > 1:
        _legend_below(figure, axes)
    return figure


def auc_chart(aucs: Mapping[str, Mapping[str, float | None]], reference: str = "oracle") -> Figure:
    """Plots the AUCs of each model on a line, with a mark for the 0.5 of random scores.

    Args:
        aucs: For each name of a model its AUCs by kind, such as "all" and "cold". None and
            NaN are not drawn.
        reference: Name of a model that is not compared, which is set apart at the bottom.

    Returns:
        A figure.

    Example:
        >>> figure = auc_chart({"PopRank": {"all": 0.6}, "DVBPR": {"all": 0.8}})
        >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
        ['PopRank', 'DVBPR']
    """
    models = [name for name in aucs if name != reference] + [n for n in aucs if n == reference]
    kinds = list(dict.fromkeys(kind for values in aucs.values() for kind in values))
    figure = _figure(2 * _PANEL_WIDTH, 1.3 + 0.36 * len(models))
    axis = _styled(figure.add_subplot())
    for row, name in enumerate(models):
        values = [value for value in aucs[name].values() if value is not None and value == value]
        if values:
            axis.hlines(row, min(values), max(values), color="#C8C8C8", linewidth=2, zorder=1)
    for number, kind in enumerate(kinds):
        axis.scatter(
            np.array([aucs[name].get(kind) for name in models], float),
            range(len(models)),
            s=56,
            color=COLORS[number % len(COLORS)],
            marker=_MARKERS[number % len(_MARKERS)],
            edgecolor="white",
            linewidth=0.8,
            label=kind,
            zorder=3,
        )
    axis.axvline(0.5, color=_INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    axis.text(
        0.5,
        1.01,
        "chance",
        color=_INK,
        fontsize=8,
        ha="center",
        transform=axis.get_xaxis_transform(),
    )
    if reference in aucs:
        axis.axhspan(len(models) - 1.5, len(models) - 0.5, color="#F3F3F3", zorder=-1)
    axis.set_yticks(range(len(models)), models)
    axis.set_ylim(len(models) - 0.5, -0.5)
    axis.grid(axis="y", visible=False)
    axis.set_xlabel("AUC")
    _legend_below(figure, [axis])
    return figure


def eta_curve(curve: Sequence[Mapping[str, float]]) -> Figure:
    """Plots measurements of designs over the realism weight η, with a panel for each quantity.

    Args:
        curve: A mapping for each η, with "eta" and the quantities that were measured, such as
            "preference", "discriminator" and "quality". All mappings have the same keys. η may
            be 0.

    Returns:
        A figure.

    Example:
        >>> points = [{"eta": 0, "preference": 3.0}, {"eta": 1, "preference": 2.5}]
        >>> [axis.get_title() for axis in eta_curve(points).axes]
        ['preference']
    """
    curve = sorted(curve, key=lambda point: point["eta"])
    etas = [point["eta"] for point in curve]
    quantities = [name for name in curve[0] if name != "eta"]
    figure, axes = _panels(quantities)
    for number, (axis, quantity) in enumerate(zip(axes, quantities, strict=True)):
        _line(axis, etas, [point[quantity] for point in curve], number)
        axis.set_xlabel("η (weight of realism)")
        # The axis is logarithmic, and η = 0 is one step left of the smallest positive weight.
        positive = [eta for eta in etas if eta > 0]
        if len(positive) < len(etas) and positive:
            axis.set_xscale("symlog", linthresh=min(positive), linscale=0.5)
        elif positive:
            axis.set_xscale("log")
        axis.set_xticks(etas, [f"{eta:g}" for eta in etas])
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.tick_params(axis="x", which="minor", length=0)
    return figure


def design_trajectory(steps: Mapping[str, np.ndarray]) -> Figure:
    """Plots the steps of a search, with a panel for each quantity.

    Args:
        steps: For each name of a quantity, such as "preference", its values of shape (steps,) or
            (steps, restarts). The restart whose first quantity ends highest is drawn with a thick
            line, the others with thin gray ones.

    Returns:
        A figure.

    Example:
        >>> import numpy as np
        >>> figure = design_trajectory({"preference": np.array([0.0, 1.0, 1.5])})
        >>> len(figure.axes)
        1
    """
    values = {name: np.asarray(series, dtype=float) for name, series in steps.items()}
    values = {name: v[:, None] if v.ndim == 1 else v for name, v in values.items()}
    best = int(np.argmax(next(iter(values.values()))[-1]))
    figure, axes = _panels(values)
    for number, (axis, series) in enumerate(zip(axes, values.values(), strict=True)):
        others = np.delete(series, best, axis=1)
        if others.size:
            axis.plot(others, color="#BDBDBD", linewidth=0.8, alpha=0.7)
        axis.plot(series[:, best], color=COLORS[number % len(COLORS)], linewidth=2.2)
        axis.set_xlabel("step")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    return figure


def time_curves(
    panels: Mapping[str, Mapping[str, Sequence[float]]], times: Sequence[str], unit: str
) -> Figure:
    """Plots curves over time whose names stand at their ends, with a panel for each title.

    Args:
        panels: For each title of a panel, such as "rises most", the curves by name. A curve has a
            value for each time.
        times: Labels of the times, such as "2019 Q3".
        unit: What the values are, for the vertical axis.

    Returns:
        A figure.

    Example:
        >>> panels = {"rises most": {"Skirts": [0.0, 0.4]}, "falls most": {"Bags": [0.0, -0.3]}}
        >>> figure = time_curves(panels, ["2019 Q3", "2019 Q4"], "change")
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['Skirts']
    """
    figure, axes = _panels(panels, width=2.2 * _PANEL_WIDTH, height=1.3 * _PANEL_HEIGHT)
    places = range(len(times))
    for axis, curves in zip(axes, panels.values(), strict=True):
        axis.axhline(0, color=_INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        for number, values in enumerate(curves.values()):
            _line(axis, places, values, number)
        # Neighboring names are moved apart, so that no two overlap.
        low, high = axis.get_ylim()
        order = sorted(curves, key=lambda name: curves[name][-1])
        ends = np.array([curves[name][-1] for name in order])
        gaps = np.arange(len(order)) * 0.065 * (high - low)
        for name, end in zip(order, np.maximum.accumulate(ends - gaps) + gaps, strict=True):
            color = COLORS[[*curves].index(name) % len(COLORS)]
            axis.text(places[-1] + 0.02 * len(times), end, name, color=color, va="center")
        axis.set_xticks(places, times, rotation=45, ha="right", rotation_mode="anchor")
        axis.set_ylabel(unit, color=_INK, size=9.5)
    return figure


def _panels(
    titles: Collection[str], width: float = _PANEL_WIDTH, height: float = _PANEL_HEIGHT
) -> tuple[Figure, list[Axes]]:
    """Makes a figure with axes side by side, one for each title, of a size in inches."""
    figure = _figure(width * len(titles), height)
    axes = []
    for number, title in enumerate(titles, start=1):
        axis = figure.add_subplot(1, len(titles), number)
        axis.set_title(title, color=_INK, size=10.5, weight="bold")
        axes.append(_styled(axis))
    return figure, axes


def _figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width, height), dpi=144, layout="constrained")


def _styled(axis: Axes) -> Axes:
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color("#9A9A9A")
    axis.tick_params(colors=_INK, labelsize=9)
    axis.xaxis.label.set(color=_INK, size=9.5)
    axis.grid(color="#E4E4E4", linewidth=0.8)
    axis.set_axisbelow(True)
    return axis


def _line(axis: Axes, x: Sequence[float], y: Sequence[float], number: int, **options: Any) -> None:
    """Draws a curve with marks, so that curves differ not only in their colors."""
    axis.plot(
        x,
        y,
        color=COLORS[number % len(COLORS)],
        marker=_MARKERS[number % len(_MARKERS)],
        markersize=5,
        linewidth=1.8,
        **options,
    )


def _legend_below(figure: Figure, axes: Sequence[Axes]) -> None:
    """Adds one legend for all panels below them."""
    entries = {
        label: handle
        for axis in axes
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        entries.values(),
        entries.keys(),
        loc="outside lower center",
        ncols=6,
        frameon=False,
        fontsize=9,
        labelcolor=_INK,
    )
