import re

import pytest

from keras_fashion.app.report.comparison_table import (
    comparison_latex,
    comparison_section,
    comparison_text,
    means_text,
    metric_groups,
)
from keras_fashion.evaluation.comparison import Comparison
from keras_fashion.evaluation.significance import Estimate, PairedTest


def metrics(value):
    return {
        "auc_all": Estimate(value, value - 0.1, value + 0.1),
        "auc_matched": Estimate(value + 0.05, value, value + 0.1),
        "auc_warm": Estimate(value),
        "auc_cold": None,
        "auc_new": Estimate(value, value, value),
        "auc_matched_cold": Estimate(0.5),
        "recall@10": Estimate(value, value - 0.1, value + 0.1),
        "ndcg@10": Estimate(0.1234, 0.1, 0.2),
        "mrr": Estimate(0.2, 0.1, 0.3),
        "diversity@10": Estimate(value, value - 0.1, value + 0.1),
        "popularity_lift@10": Estimate(-value, -value - 0.1, 0.1 - value),
        "coverage@10": Estimate(value),
    }


@pytest.fixture
def comparison():
    return Comparison(
        "test",
        1234,
        {"poprank": metrics(0.5), "dvbpr": metrics(0.7004), "mf & co_1": metrics(0.7)},
        "dvbpr",
        {"poprank": PairedTest(Estimate(-0.2, -0.3, -0.1), 0.0002, 1200), "mf & co_1": None},
    )


def test_text_has_intervals_below_the_means(comparison):
    lines = comparison_text(comparison).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].split() == [
        "AUC",
        *["matched", "all", "warm", "cold", "new", "matched", "cold"],
    ]
    assert lines[1].split() == ["poprank", "0.550", "0.500", "0.500", "-", "0.500", "0.500"]
    assert lines[2].split() == ["0.500-0.600", "0.400-0.600", "0.500-0.500"]
    # Columns are aligned at the right.
    for column in ("matched", "all"):
        end = lines[0].index(column) + len(column)
        assert [len(line[:end].rstrip()) for line in lines[:7]] == [end] * 7
    assert lines[8].split() == ["recall@10", "ndcg@10", "mrr"]
    assert lines[16].split() == ["coverage@10", "diversity@10", "popularity", "lift@10"]
    assert lines[17].split() == ["poprank", "0.500", "0.500", "-0.500"]
    assert lines[18].split() == ["0.400-0.600", "-0.600", "to", "-0.400"]
    assert lines[-3:] == [
        "Means over the test interactions of 1,234 users; below each mean is its 95 % interval.",
        "matched AUC of poprank minus that of dvbpr: -0.200 (-0.300 to -0.100), p = 0.0002",
        "matched AUC of mf & co_1 minus that of dvbpr: not measured, because no user can be "
        "compared.",
    ]


def test_latex_marks_what_prints_highest_but_nothing_that_describes_a_list(comparison):
    aucs, lists, contents = comparison_latex(comparison).split(r"\begin{tabular}")[1:]
    assert r"mf \& co\_1 & \textbf{0.750} & \textbf{0.700} & \textbf{0.700} & -- &" in aucs
    assert r"dvbpr & \textbf{0.750} & \textbf{0.700} & \textbf{0.700} & -- &" in aucs
    assert r"poprank & 0.550 & 0.500 & 0.500 & -- & 0.500 & \textbf{0.500} \\" in aucs
    assert r" & {\scriptsize 0.500-0.600} & {\scriptsize 0.400-0.600} & {\scriptsize }" in aucs
    assert r"dvbpr & \textbf{0.700} & \textbf{0.123} & \textbf{0.200} \\" in lists
    assert r"dvbpr & 0.700 & 0.700 & -0.700 \\" in contents
    for table, letters in ((aucs, "lrrrrrr"), (lists, "lrrr"), (contents, "lrrr")):
        assert table.startswith(f"{{{letters}}}\n\\hline\nmodel & ")
        assert table.count(r"\hline") == 3 and "rule" not in table


@pytest.mark.parametrize("name", [r"a\b", "50%", "a~b^c", "{x}", "$1 #2"])
def test_latex_escapes_any_name(comparison, name):
    models = {name: comparison.models["poprank"], "dvbpr": comparison.models["dvbpr"]}
    latex = comparison_latex(Comparison("test", 9, models, "dvbpr", {}))
    row = next(line for line in latex.splitlines() if "0.550" in line)
    shown = row.split(" & ")[0]
    shown = re.sub(r"\\text\w+( \{\}|\\ |\{\}| )", "", shown)
    assert not re.search(r"(?<!\\)[&%$#_{}~^]", shown), row


def test_section_has_the_tables_and_the_tests(comparison):
    text, aucs, lists, contents, tests = comparison_section(comparison).blocks
    assert text.text == "Means over the test interactions of 1,234 users."
    assert [column.best for column in aucs.columns] == [None] + ["highest"] * 6
    assert [column.best for column in lists.columns] == [None] + ["highest"] * 3
    assert [column.best for column in contents.columns] == [None] * 4
    assert len({table.note for table in (aucs, lists, contents)}) == 3
    assert tests.rows == [
        ["poprank", Estimate(-0.2, -0.3, -0.1), 0.0002, 1200],
        ["mf & co_1", None, None, None],
    ]


def test_means_are_printed_in_two_tables():
    row = {"auc_all": 0.51234, "auc_matched": 0.5, "auc_cold": None, "mrr": 0.25}
    lines = means_text({"random": row, "dvbpr": row | {"mrr": None}}).splitlines()
    assert [line.split() for line in lines] == [
        ["AUC", "matched", "all", "cold"],
        ["random", "0.5000", "0.5123", "-"],
        ["dvbpr", "0.5000", "0.5123", "-"],
        ["mrr"],
        ["random", "0.2500"],
        ["dvbpr", "-"],
    ]


def test_without_lists_there_is_one_group():
    assert metric_groups(["auc_all", "auc_matched"]) == [["auc_matched", "auc_all"]]


def test_lists_of_each_length_are_described_in_a_table():
    metrics = ["auc_matched", "mrr", "novelty@3", "novelty@10", "coverage@3", "coverage@10"]
    assert metric_groups(metrics) == [
        ["auc_matched"],
        ["mrr"],
        ["coverage@3", "novelty@3"],
        ["coverage@10", "novelty@10"],
    ]
