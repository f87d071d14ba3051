"""The command searches what was not given, prints what it found, and how to train it again."""

import json
import shlex

import pytest
from click.testing import CliRunner

from keras_fashion.app import tuning
from keras_fashion.app.cli.tune import tune_command
from keras_fashion.app.run import Run
from keras_fashion.app.training.options import options_class
from keras_fashion.models import RECOMMENDERS


@pytest.fixture
def tune(call, tiny_catalogue, tmp_path):
    def tune(model, *arguments, trials=3):
        arguments = (tiny_catalogue.path, "--trials", trials, "--out", tmp_path / "t", *arguments)
        return call("tune", model, *arguments)

    return tune


def test_what_it_prints_and_the_command_of_the_best(tune, call, tmp_path):
    result = tune("visrank", "--features", "attributes", "--split-seed", 3, trials=8)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    header, rows = lines[0].split(), [line.split() for line in lines[1 : lines.index("")]]
    assert header == ["trial", "auc", "auc_matched", "seconds", "settings"]
    assert [row[1] for row in rows[:5]] == sorted((row[1] for row in rows[:5]), reverse=True)
    assert [row[4:] for row in rows if row[0] == "0"] == [["default"]]
    best = json.loads((tmp_path / "t" / "best.json").read_text())["best"]
    assert rows[0][:3] == [
        str(best["number"]),
        *(f"{best['metrics'][name]:.4f}" for name in ("auc", "auc_matched")),
    ]
    assert "trials: 8 in 0:00:" in result.stdout
    assert f"validation auc: {rows[0][1]} of the best of 8 (trial {rows[0][0]})" in result.stdout
    assert "The best of 8 is optimistic" in result.stdout

    compare, train = (line.strip() for line in lines if line.startswith("  keras-fashion"))
    assert call(*shlex.split(compare)[1:]).exit_code == 0
    assert call(*shlex.split(train)[1:]).exit_code == 0
    again, kept = Run(tmp_path / "t" / "best"), Run(best["run"])
    assert again.config == kept.config and again.config["split_seed"] == 3
    assert again.config["options"]["features"] == ["attributes"]


def test_json_and_progress(tune, tmp_path):
    result = tune("itemknn", "--json", "--monitor", "auc_matched")
    assert json.loads(result.stdout) == json.loads((tmp_path / "t" / "best.json").read_text())
    assert json.loads(result.stdout)["monitor"] == "auc_matched"
    assert "trial 1 (2 of 3): neighbors " in result.stderr
    assert "; 1 to go, about 0:00:" in result.stderr


def test_if_no_trial_is_better(tune):
    text = tune("ease", trials=1).stdout
    assert text.endswith("no trial is better than the default settings\n")
    assert "keras-fashion" not in text


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["itemknn", "--trials", 0], 2, "'--trials'"),
        (["poprank"], 1, "poprank has no option that is left to search"),
        (["itemknn", "--neighbors", 9], 1, "itemknn has no option that is left to search"),
        (["recentpop"], 1, "needs a split in time; give --split-time"),
        (["gan"], 2, "no model 'gan'"),
    ],
)
def test_what_cannot_be_searched(tune, tmp_path, arguments, code, message):
    result = tune(*arguments)
    assert result.exit_code == code and message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_something_else(tune, tmp_path):
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "config.json").touch()
    result = tune("itemknn")
    assert result.exit_code == 1 and "is not the folder of a search" in result.stderr


@pytest.fixture
def chosen(tiny_catalogue, monkeypatch):
    """The options that the search is told not to vary."""

    def chosen(model, *arguments):
        seen = []
        monkeypatch.setattr(tuning, "tune_recommender", lambda *given: seen.append(given))
        given = [str(tiny_catalogue.path), "--trials", "2", "--out", "t", *map(str, arguments)]
        CliRunner().invoke(tune_command(options_class(model)), given)
        return seen[0][4]

    return chosen


def test_an_option_that_is_given_is_not_searched_even_if_it_is_the_default(chosen):
    assert chosen("vbpr") == {}
    assert chosen("vbpr", "--no-bias", "--latent-size", 16, "--features", "attributes") == {
        "bias": False,
        "latent_size": 16,
        "features": ("attributes",),
    }


@pytest.mark.parametrize("model", RECOMMENDERS)
def test_every_model_has_a_command_whose_help_says_what_is_searched(call, model):
    shown = " ".join(call("tune", model, "--help").stdout.split())
    expected = {"vbpr": "Searched among 0, 16, 64.", "ease": "Searched from 1 to 10000."}
    assert expected.get(model, "Search for the settings of") in shown
    assert shown.count("--monitor") == 1
