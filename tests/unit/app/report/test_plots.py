from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from keras_fashion.app.report.plots import (
    auc_chart,
    design_trajectory,
    eta_curve,
    time_curves,
    training_curves,
)


def drawn(figure):
    """Draws a figure: layout errors appear only then. Returns its pixels."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return np.asarray(Image.open(buffer).convert("RGB"))


def test_training_curves_hold_the_numbers_by_epoch():
    losses = {"BPR-MF": [0.7, 0.6], "DVBPR": [0.69, 0.5, 0.4]}
    figure = training_curves({"loss": losses, "validation AUC": {"DVBPR": [0.5, 0.7, 0.8]}})
    assert drawn(figure).std() > 0
    left, right = figure.axes
    assert [axis.get_title() for axis in (left, right)] == ["loss", "validation AUC"]
    assert [list(line.get_xdata()) for line in left.lines] == [[1, 2], [1, 2, 3]]
    assert [list(line.get_ydata()) for line in left.lines] == list(losses.values())
    assert left.lines[1].get_color() == right.lines[0].get_color(), "DVBPR keeps its color"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["BPR-MF", "DVBPR"]


def test_auc_chart_marks_every_auc_and_puts_the_oracle_last():
    figure = auc_chart(
        {
            "oracle": {"all": 0.9, "cold": 0.88},
            "PopRank": {"all": 0.6, "cold": np.nan},
            "DVBPR": {"all": 0.8, "cold": 0.75},
        }
    )
    assert drawn(figure).std() > 0
    (axis,) = figure.axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["PopRank", "DVBPR", "oracle"]
    marks = {c.get_label(): c.get_offsets().tolist() for c in axis.collections if c.get_label()}
    assert marks["all"] == [[0.6, 0], [0.8, 1], [0.9, 2]]
    assert marks["cold"][1:] == [[0.75, 1], [0.88, 2]]


@pytest.mark.parametrize("etas", [[10, 0.1, 1], [0, 0.1, 1], [0], [1]])
def test_eta_curve_is_sorted_and_shows_zero(etas):
    figure = eta_curve([{"eta": eta, "preference": -eta, "quality": 2 * eta} for eta in etas])
    assert drawn(figure).std() > 0
    preference, quality = figure.axes
    assert list(preference.lines[0].get_xdata()) == sorted(etas)
    assert list(quality.lines[0].get_ydata()) == [2 * eta for eta in sorted(etas)]
    # Every weight has its own place from left to right, also on the logarithmic axis.
    places = preference.transData.transform([(eta, 0) for eta in sorted(etas)])[:, 0]
    assert (np.diff(places) > 20).all()


def test_design_trajectory_draws_the_winner_strong():
    objective = np.array([[0.0, 0.0, 0.0], [1.0, 3.0, 2.0]])
    realism = np.array([[0.9, 0.8, 0.7], [0.5, 0.4, 0.3]])
    figure = design_trajectory({"objective": objective, "realism": realism})
    assert drawn(figure).std() > 0
    for axis, series in zip(figure.axes, (objective, realism), strict=True):
        strong = max(axis.lines, key=lambda line: line.get_linewidth())
        assert list(strong.get_ydata()) == list(series[:, 1])
        assert len(axis.lines) == 3


def test_design_trajectory_of_one_restart():
    figure = design_trajectory({"objective": np.array([0.0, 1.0, 1.5])})
    assert list(figure.axes[0].lines[0].get_ydata()) == [0.0, 1.0, 1.5]


def test_time_curves_are_named_at_their_ends_and_no_two_names_overlap():
    ends = {"Skirts": 0.41, "Bags": 0.4, "Tops": 0.405, "Shoes": -0.2, "Dresses": 0.1}
    curves = {name: [0.0, 0.2, end] for name, end in ends.items()}
    times = ["2019 Q3", "2019 Q4", "2020 Q1"]
    figure = time_curves({"rises": curves, "falls": {"Hats": [0, -1, -2]}}, times, "change")
    assert drawn(figure).std() > 0
    left, right = figure.axes
    assert [axis.get_title() for axis in (left, right)] == ["rises", "falls"]
    assert [label.get_text() for label in left.get_xticklabels()] == times
    lines = [list(line.get_ydata()) for line in left.lines if len(line.get_xdata()) == 3]
    assert lines == list(curves.values())
    boxes = {text.get_text(): text.get_window_extent() for text in left.texts}
    assert sorted(boxes, key=lambda name: boxes[name].y0) == sorted(ends, key=ends.get)
    heights = sorted((box.y0, box.y1) for box in boxes.values())
    assert all(above[0] >= below[1] for below, above in pairwise(heights))
    colors = {line.get_color() for line in left.lines if len(line.get_xdata()) == 3}
    assert {text.get_color() for text in left.texts} == colors
    assert [text.get_text() for text in right.texts] == ["Hats"]
