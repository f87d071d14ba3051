"""`keras-fashion compare` on the chain's DVBPR and runs of two more kinds."""

import json
import re
import shutil

import numpy as np
import pytest

from keras_fashion.app.run import Run
from keras_fashion.evaluation.ranking import rank_held_out
from keras_fashion.features import item_style

METRICS = ["auc_all", "auc_matched", "auc_warm", "auc_cold", "auc_new", "auc_matched_cold"]
LISTS = ["recall@3", "ndcg@3", "recall@10", "ndcg@10", "mrr"]
CONTENTS = ["diversity", "novelty", "popularity_lift", "coverage"]


@pytest.fixture(scope="module")
def runs(chain, succeed, tmp_path_factory):
    """Runs of dvbpr, bprmf (two) and random, all with seed 4 and therefore one split."""
    folder = tmp_path_factory.mktemp("runs")
    for model, name, *options in (("bprmf", "mf & co_1", "--epochs", 1), ("random", "noise")):
        succeed("train", model, chain.catalogue, "--out", folder / name, "--seed", 4, *options)
    shutil.copytree(folder / "mf & co_1", folder / "mf_2")
    vectors = dict(np.load(folder / "mf_2" / "vectors.npz"))
    np.savez(folder / "mf_2" / "vectors.npz", **vectors | {"users": -vectors["users"]})
    return [chain.dvbpr, folder / "mf & co_1", folder / "mf_2", folder / "noise"]


def test_json_has_every_mean_with_its_interval(runs, succeed):
    printed = json.loads(succeed("compare", *runs, "-k", 3, "--k", 10, "--json"))
    assert printed["runs"] == [str(run) for run in runs]
    assert (printed["part"], printed["users"], printed["reference"]) == ("test", 8, "dvbpr")
    names = ["poprank", "dvbpr", "bprmf mf & co_1", "bprmf mf_2", "random"]
    assert list(printed["models"]) == names
    for name, run in zip(names[1:], runs, strict=True):
        trained = Run(run)
        style = item_style(trained.catalogue)
        means = rank_held_out(trained.vectors, trained.split, ks=(3, 10), style=style).means()
        row = printed["models"][name]
        contents = {f"{metric}@{k}" for metric in CONTENTS for k in (3, 10)}
        assert list(row)[:11] == METRICS + LISTS and set(row) - set(METRICS + LISTS) == contents
        for metric, value in row.items():
            assert (value and value["mean"]) == (means[metric] and pytest.approx(means[metric]))
            if value and value["low"] is not None:
                assert value["low"] <= value["mean"] <= value["high"]
        assert row["coverage@3"]["low"] is None
    assert set(printed["tests"]) == set(names) - {"dvbpr"}
    test = printed["tests"]["random"]
    matched = [printed["models"][name]["auc_matched"]["mean"] for name in ("random", "dvbpr")]
    assert test["difference"]["mean"] == pytest.approx(matched[0] - matched[1])
    assert 0 < test["p_value"] <= 1


def test_text_is_100_characters_wide(runs, succeed):
    lines = succeed("compare", runs[0], runs[3], "--k", 3, "--k", 10).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].split()[:3] == ["AUC", "matched", "all"]
    rows = [line.split()[0] for line in lines if re.match(r"\w+ +\d\.\d{3} ", line)]
    assert rows == ["poprank", "dvbpr", "random"] * 4
    assert lines[2].split()[0].count("-") == 1  # an interval below the mean
    assert re.fullmatch(
        r"matched AUC of random minus that of dvbpr: [+-]0\.\d{3} \([+-]\S+ to [+-]\S+\), "
        r"p = [01]\.\d{4}",
        lines[-1],
    )


def test_latex_needs_no_package_and_escapes_names(runs, succeed):
    latex = succeed("compare", *runs, "--part", "validation", "--latex")
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 3
    assert r"bprmf mf \& co\_1 &" in latex
    body = [line for line in latex.splitlines() if not line.startswith("%") and line]
    assert all(line.endswith((r"\\", r"\hline", "}")) for line in body)
    columns = {line.replace(r"\&", "").count("&") for line in body if line.endswith(r"\\")}
    assert columns == {6, 3, 4}
    *_, places, contents = latex.split(r"\begin{tabular}")
    assert r"\textbf{" in places and r"\textbf{" not in contents


def test_page(runs, succeed, tmp_path):
    out = tmp_path / "pages" / "table.html"
    succeed("compare", *runs, "--out", out)
    page = out.read_text()
    assert "bprmf mf &amp; co_1" in page and page.count("<table>") == 4
    assert not re.search(r"(src|href)=\"https?:", page), "self-contained"


def test_mistakes(runs, chain, call, succeed, tmp_path):
    def refused(*arguments, code=1):
        result = call("compare", *arguments)
        assert result.exit_code == code and result.stdout == "", result.output
        return result.stderr.splitlines()[-1]

    other = tmp_path / "other_split"
    succeed("train", "poprank", chain.catalogue, "--out", other, "--split-seed", 5)
    message = refused(runs[0], other)
    assert (
        str(runs[0]) in message
        and str(other) in message
        and "different interactions in part train" in message
    )
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(runs[0], elsewhere)
    config = json.loads((elsewhere / "config.json").read_text())
    (elsewhere / "config.json").write_text(json.dumps(config | {"fingerprint": "f" * 64}))
    message = refused(runs[0], elsewhere)
    assert str(elsewhere) in message and "different catalogues" in message
    assert "given twice" in refused(runs[0], runs[1], runs[0])
    assert "not the run of a recommender" in refused(chain.gan)
    assert "not the run of a recommender" in refused(runs[0], chain.gan)
    assert "not a run folder" in refused(chain.catalogue)
    assert "25 is above the 24 items" in refused(runs[0], "--k", 25, code=2)
    assert "does not exist" in refused(tmp_path / "no such run", code=2)
    assert "exclude each other" in refused(runs[0], "--json", "--latex", code=2)
    result = call("evaluate", runs[0], "--k", 25)
    assert result.exit_code == 2 and "25 is above the 24 items" in result.stderr
    damaged = tmp_path / "damaged"
    shutil.copytree(runs[1], damaged)
    with np.load(damaged / "vectors.npz") as arrays:
        np.savez(damaged / "vectors.npz", **dict(arrays) | {"users": arrays["users"] * np.nan})
    assert "diverged" in refused(runs[0], damaged)
