import json
import platform

import numpy as np
import pytest
from quickstart_run import MODELS, load_recipe, make_demo, start

from keras_fashion.app import Run

MEASURED = {"preference", "unseen_preference", "discriminator", "quality", "opposite_ssim"}
AUCS = {"auc_all", "auc_matched", "auc_warm", "auc_cold", "auc_new", "seconds"}


@pytest.fixture(scope="module")
def demo(made_once):
    return made_once("quickstart", make_demo)


@pytest.fixture(scope="module")
def results(demo):
    return json.loads((demo / "demo" / "results.json").read_text())


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
        assert set(row) == MEASURED
        assert 1 - 1e-6 <= row["quality"] <= 6  # exp of an information about six categories
        assert -1 <= row["opposite_ssim"] <= 1

    etas = [row["eta"] for row in results["eta"]]
    assert etas == sorted(set(etas)) and len(etas) >= 4 and etas[0] == 0
    for row in results["eta"]:
        assert set(row) == {"eta", "gap", *MEASURED}
    assert list(results["less_retrieval"]) == ["random items", "random generated", "generation"]
    for method, row in results["less_retrieval"].items():
        for name, estimate in row.items():
            difference = results["generation"][method][name]
            difference -= results["generation"]["retrieval"][name]
            assert estimate["mean"] == pytest.approx(difference, abs=1e-4)
    assert list(results["truth"]) == methods
    for row in results["truth"].values():
        assert set(row) == {"recovery", "above_retrieved", "above_best"}
        assert all(0 <= value <= 1 for value in row.values())
    assert results["truth"]["retrieval"]["above_retrieved"] == 0.5, "a tie with itself"


def test_the_second_dvbpr_is_another_one(demo):
    runs = [Run(demo / "demo" / name) for name in ("dvbpr", "unseen")]
    assert [run.config["seed"] for run in runs] == [3, 4]
    np.testing.assert_array_equal(*(run.split.train for run in runs))


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


def test_it_leaves_runs_exports_and_a_report(demo):
    for name in [*MODELS, "gan"]:
        assert (demo / "demo" / name / "model.keras").is_file()
    html = (demo / "demo" / "report.html").read_text()
    assert "preference recovery" in html and "data:image/" in html
    for name in ("recommender", "designer"):
        assert (demo / "exports" / name / "1" / "saved_model.pb").is_file()
    said, shown = ((demo / name).read_text() for name in ("stdout.txt", "stderr.txt"))
    for text in ("auc_matched", "opposite_ssim", "oracle", "report.html", "results.json"):
        assert text in said
    assert "5 of 5" in shown and "of 5" not in said


def test_a_mistake_is_one_line(tmp_path):
    (tmp_path / "demo").write_text("a file where the folder should be")
    result = start(load_recipe(), tmp_path)
    assert result.exit_code == 1
    last = result.stderr.splitlines()[-1]
    assert last.startswith("Error: ") and str(tmp_path / "demo") in last
