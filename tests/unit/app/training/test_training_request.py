"""Tests that a second start of a recipe trains nothing twice and removes nothing."""

import json
import shlex
import shutil

import pytest
from click.testing import CliRunner

from keras_fashion.app import training
from keras_fashion.app.cli.main import main
from keras_fashion.app.run_checks import require_finished
from keras_fashion.app.training import recommender_options, train_recommender
from keras_fashion.app.training.training_request import TrainingRequest
from keras_fashion.data import TimeCut
from keras_fashion.errors import InputError


@pytest.fixture
def train(tiny_catalogue, tmp_path):
    """Returns a function that trains the run `demo/r`, unless it is finished."""

    def train(seed=1, options=recommender_options("random"), **rest):  # noqa: B008
        out = tmp_path / "demo" / "r"
        return require_finished(train_recommender(tiny_catalogue, out, options, seed=seed, **rest))

    return train


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_finished_run_is_returned_as_it_is(train):
    before = contents(train().path)
    assert contents(train().path) == before


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({"seed": 2}, "--seed 1, not 2"),
        ({"options": recommender_options("poprank")}, "a random, not a poprank"),
        ({"split_seed": 3}, "--split-seed 0, not 3"),
    ],
)
def test_a_finished_run_of_another_training_is_never_removed(train, changed, difference):
    before = contents(train().path)
    with pytest.raises(InputError, match=rf"demo/r is another training.*{difference}.*--out"):
        train(**changed)
    assert contents(train().path) == before


def test_a_new_option_in_a_release_removes_no_finished_run(train):
    """A later version has an option that the run was made without, and that is off by default."""
    run = train(options=recommender_options("itemknn", neighbors=3))
    config = json.loads((run.path / "config.json").read_text())
    del config["options"]["neighbors"]
    run.write_json("config.json", config)
    before = contents(run.path)
    train(options=recommender_options("itemknn"))
    with pytest.raises(InputError, match="--neighbors 50, not 5; name another --out"):
        train(options=recommender_options("itemknn", neighbors=5))
    assert contents(run.path) == before


def test_a_run_on_another_split_is_refused(train, tiny_catalogue, tmp_path):
    user, items = tiny_catalogue.user_ids[0], tiny_catalogue.item_ids[:2]
    rows = "".join(f"{user},{item},train\n" for item in items)
    (tmp_path / "a.csv").write_text("user,item,part\n" + rows)
    run = train(split=tmp_path / "a.csv")
    assert run.split.train.tolist() == [[0, 0], [0, 1]]
    assert train(split=tmp_path / "a.csv").path == run.path
    with pytest.raises(InputError, match="its split is not leave one out"):
        train()
    assert (run.path / "split.csv").is_file()


def test_an_interrupted_training_is_an_error_and_is_resumed(train, tmp_path):
    options = recommender_options("bprmf", epochs=1, batch_size=8)
    run = train(options=options)
    run.write_metrics(1.0, interrupted=True)
    with pytest.raises(InputError, match="r was interrupted"):
        require_finished(run)
    # It has no checkpoint, so that resuming it is refused; the model is kept.
    with pytest.raises(InputError, match="no checkpoint to continue from"):
        train(options=options)
    assert (run.path / "model.keras").is_file()


def test_a_folder_of_something_else_is_left_alone(train, tmp_path):
    (tmp_path / "demo" / "r").mkdir(parents=True)
    (tmp_path / "demo" / "r" / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="not empty.*--out"):
        train()
    assert (tmp_path / "demo" / "r" / "letter.txt").read_text() == "dear"
    shutil.rmtree(tmp_path / "demo" / "r")
    assert train().path.exists()


@pytest.mark.parametrize(
    "rest",
    [
        {},
        {"seed": 5, "split_seed": 6},
        {"split": TimeCut("2020-06-22")},
        {"split": TimeCut("2020-06-22", "2020-05-01", "2020-07-01"), "seed": 1},
        {"split": "last-out", "split_seed": 4},
        {"split": "file"},
    ],
)
def test_its_command_asks_for_the_same_training(tiny_catalogue, tmp_path, monkeypatch, rest):
    if "split" in rest and rest["split"] == "file":
        rest = {"split": tmp_path / "my split.csv"}
        rest["split"].touch()
    options = recommender_options("bprmf", epochs=2)
    request = TrainingRequest(tiny_catalogue, tmp_path / "a run", options, **rest)
    asked = []
    monkeypatch.setattr(training, "train_recommender", lambda *given: asked.append(given))
    result = CliRunner().invoke(main, shlex.split(request.command())[1:])
    assert result.exit_code == 0, result.output
    catalogue, out, chosen, split, seed, _, _, split_seed = asked[0]
    assert catalogue.fingerprint == tiny_catalogue.fingerprint
    assert TrainingRequest(tiny_catalogue, out, chosen, seed, split, split_seed) == request
