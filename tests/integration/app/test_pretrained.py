"""The models that come with the package are what `recipes/pretrained_atelier.py` measured."""

import importlib.util

import pytest
from click.testing import CliRunner

from keras_fashion.app import Run, pretrained_training
from keras_fashion.app.cli.main import main
from keras_fashion.design import PreferenceMaximizer


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    out = tmp_path_factory.mktemp("pretrained") / "atelier"
    result = CliRunner().invoke(main, ["pretrained", "atelier", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert result.stdout.split() == [str(out / name) for name in ("catalogue", "dvbpr", "gan")]
    return out


def test_measures_are_those_that_were_recorded(unpacked, root):
    path = root / "recipes" / "pretrained_atelier.py"
    spec = importlib.util.spec_from_file_location("pretrained_atelier", path)
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)

    dvbpr, gan = Run(unpacked / "dvbpr"), Run(unpacked / "gan")
    maximizer = PreferenceMaximizer(dvbpr.model, gan.model)
    now = recipe.measures(dvbpr, recipe.repeat_study(dvbpr, maximizer))
    recorded = pretrained_training("atelier")["measured"]
    assert now["recommendation"] == pytest.approx(recorded["recommendation"], abs=2e-3)
    assert list(now["generation"]) == list(recorded["generation"])
    # Another processor rounds otherwise, so that a search may end at another design.
    for method, row in recorded["generation"].items():
        assert now["generation"][method] == pytest.approx(row, abs=0.1), method
    for method, row in recorded["truth"].items():
        assert now["truth"][method] == pytest.approx(row, abs=0.1), method


def test_the_commands_take_the_runs(unpacked, tmp_path):
    dvbpr, gan = str(unpacked / "dvbpr"), str(unpacked / "gan")
    asked = ["design", dvbpr, gan, "--user", "shopper-0001", "--category", "Tops"]
    result = CliRunner().invoke(main, [*asked, "--out", str(tmp_path / "designs")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "designs" / "design_3.png").is_file()
    result = CliRunner().invoke(main, ["recommend", dvbpr, "--history", "TOP-0001"])
    assert result.exit_code == 0, result.output


def test_their_training_is_not_continued(unpacked):
    before = (unpacked / "gan" / "config.json").read_bytes()
    options = Run(unpacked / "gan").config["options"]
    asked = ["train", "gan", str(unpacked / "catalogue"), "--out", str(unpacked / "gan")]
    asked += ["--epochs", str(options["epochs"] + 1), "--width", str(options["width"])]
    asked += ["--mixed-precision"] if options["mixed_precision"] else []
    result = CliRunner().invoke(main, asked)
    assert result.exit_code != 0
    assert "a model and no checkpoint to continue from" in result.stderr
    assert (unpacked / "gan" / "config.json").read_bytes() == before
