import importlib.util
import json
import platform
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from keras_fashion import training
from keras_fashion.design import PROCEDURES, PreferenceMaximiser, inversion
from keras_fashion.evaluation.retrieval_vs_generation import generation
from keras_fashion.run import Run

RECIPE = Path(__file__).parents[3] / "recipes" / "quickstart.py"
SMALL = ["--users", 40, "--items", 120, "--epochs", 2, "--dvbpr-epochs", 1, "--gan-epochs", 1]
SMALL = [str(each) for each in [*SMALL, "--pairs", 6, "--seed", 3]]
MODELS = ["random", "poprank", "bprmf", "visrank", "vbpr", "dvbpr"]
AUCS = {"auc_all", "auc_matched", "auc_warm", "auc_cold", "auc_new", "seconds"}


@pytest.fixture(scope="module")
def recipe():
    spec = importlib.util.spec_from_file_location("quickstart", RECIPE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def five_steps(recommender, gan):
    return PreferenceMaximiser(recommender, gan, replace(PROCEDURES["default"], steps=5))


@pytest.fixture(scope="module")
def start(recipe):
    def start(folder):
        where = ["--out", str(folder / "demo"), "--exports", str(folder / "exports")]
        with pytest.MonkeyPatch.context() as patch:
            # Longer ascents show nothing more here.
            patch.setattr(recipe, "PreferenceMaximiser", five_steps)
            # (The function `redesign` hides its module, of the same name, in the package.)
            patch.setattr(sys.modules["keras_fashion.design.redesign"], "STEPS", 3)
            patch.setattr(inversion, "STEPS", 3)
            return CliRunner().invoke(recipe.quickstart, [*where, *SMALL], catch_exceptions=False)

    return start


@pytest.fixture(scope="module")
def demo(start, tmp_path_factory):
    folder = tmp_path_factory.mktemp("quickstart")
    result = start(folder)
    assert result.exit_code == 0, result.output
    return folder, result


@pytest.fixture(scope="module")
def results(demo):
    return json.loads((demo[0] / "demo" / "results.json").read_text())


def test_results_are_those_of_the_contract(results):
    asked = {"dataset", "recommendation", "generation", "eta", "truth", "seed"}
    assert set(results) >= asked | {"versions", "seconds"}
    dataset = results["dataset"]
    assert set(dataset) >= {"name", "users", "items", "interactions", "cold_items"}
    assert (dataset["name"], dataset["users"], dataset["items"]) == ("atelier", 40, 120)
    assert dataset["interactions"] >= 40 * 8
    assert 0 <= dataset["cold_items"] <= 120
    assert results["seed"] == 3
    assert 0 < results["seconds"] < 600
    assert results["versions"]["python"] == platform.python_version()

    assert list(results["recommendation"]) == [*MODELS, "oracle"]
    for row in results["recommendation"].values():
        assert set(row) >= AUCS
        for name, value in row.items():
            if name.startswith("auc_") and value is not None:
                assert 0 <= value <= 1
    assert all(results["recommendation"][name]["seconds"] >= 0 for name in MODELS)

    methods = ["random items", "random generated", "retrieval", "generation"]
    assert list(results["generation"]) == methods
    for row in results["generation"].values():
        assert set(row) == {"preference", "discriminator", "quality", "opposite_ssim"}
        assert 1 - 1e-6 <= row["quality"] <= 6  # exp of an information about six categories
        assert -1 <= row["opposite_ssim"] <= 1

    etas = [row["eta"] for row in results["eta"]]
    assert etas == sorted(set(etas)) and len(etas) >= 4 and etas[0] == 0
    for row in results["eta"]:
        assert set(row) == {"eta", "preference", "discriminator", "quality", "opposite_ssim"}
    assert list(results["truth"]) == methods
    for row in results["truth"].values():
        assert set(row) == {"recovery", "above_retrieved", "above_best"}
        assert all(0 <= value <= 1 for value in row.values())
    assert results["truth"]["retrieval"]["above_retrieved"] == 0.5, "a tie with itself"


def test_the_order_is_the_one_that_must_hold_however_short_the_training(results):
    models, returned = results["recommendation"], results["generation"]
    assert models["oracle"]["auc_all"] > models["random"]["auc_all"] + 0.2
    assert models["oracle"]["auc_all"] == max(row["auc_all"] for row in models.values())
    # The best existing items please more than random ones.
    assert returned["retrieval"]["preference"] > returned["random items"]["preference"]
    # A weight on realism brings the discriminator's verdict nearer to 1.
    free, priced = results["eta"][0], results["eta"][-1]
    assert abs(priced["discriminator"] - 1) < abs(free["discriminator"] - 1)
    assert priced["preference"] < free["preference"]


@pytest.mark.long
def test_designs_please_more_than_chance(demo):
    """At eta 0: after one epoch, realism outweighs what little the taste has to say."""
    taste, drawn = (Run(demo[0] / "demo" / name) for name in ("dvbpr", "gan"))
    maximiser = five_steps(taste.model, drawn.model)
    users = np.unique(taste.split.test[:, 0])[:6]
    designs = generation(maximiser, users, np.arange(6), seed=3, eta=0.0)
    people = maximiser.people(maximiser.recommender.taste(users), np.arange(6), np.zeros(6))
    assert np.all(designs.preference.min(axis=1) > people.level.numpy()[:, 0])


def test_it_leaves_runs_exports_and_a_report(demo):
    folder, result = demo
    for name in [*MODELS, "gan"]:
        assert (folder / "demo" / name / "model.keras").is_file()
    html = (folder / "demo" / "report.html").read_text()
    assert "taste recovery" in html and "data:image/" in html
    for name in ("recommender", "designer"):
        assert (folder / "exports" / name / "1" / "saved_model.pb").is_file()
    for text in ("auc_matched", "opposite_ssim", "oracle", "report.html", "results.json"):
        assert text in result.stdout
    assert "5 of 5" in result.stderr and "of 5" not in result.stdout


@pytest.mark.long
def test_a_second_start_takes_up_what_is_finished(demo, start, recipe, results, monkeypatch):
    folder, _ = demo

    def stamps():
        return {
            path: path.stat().st_mtime_ns
            for name in [*MODELS, "gan"]
            for path in (folder / "demo" / name).rglob("*")
        }

    def refuse(*args, **kwargs):
        raise AssertionError("trained again")

    for name in ("train_recommender", "train_gan"):
        monkeypatch.setattr(training, name, refuse)
    # The last stage has no part in this.
    monkeypatch.setattr(recipe, "export", lambda *args: [])
    monkeypatch.setattr(recipe, "study_report", lambda *args, **kwargs: None)
    before = stamps()
    assert start(folder).exit_code == 0
    assert stamps() == before
    again = json.loads((folder / "demo" / "results.json").read_text())
    assert again["recommendation"] == results["recommendation"]
    for method, row in again["truth"].items():
        assert row == pytest.approx(results["truth"][method], abs=0.02)


def test_a_mistake_is_one_line(start, tmp_path):
    (tmp_path / "demo").write_text("a file where the folder should be")
    result = start(tmp_path)
    assert result.exit_code == 1
    last = result.stderr.splitlines()[-1]
    assert last.startswith("Error: ") and str(tmp_path / "demo") in last
