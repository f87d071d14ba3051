"""Tests that a recipe's second start trains nothing twice and removes nothing."""

import shutil

import pytest

from keras_fashion.app.training import (
    BPRMFOptions,
    PopRankOptions,
    RandomOptions,
    finished_or_trained,
    train_recommender,
)
from keras_fashion.errors import InputError


@pytest.fixture
def take(tiny_catalogue, tmp_path):
    """Takes or trains the run `demo/r`."""

    def take(seed=1, options=RandomOptions(), **rest):  # noqa: B008
        out = tmp_path / "demo" / "r"
        return finished_or_trained(train_recommender, tiny_catalogue, out, options, seed, **rest)

    return take


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_finished_run_is_taken_as_it_is(take):
    before = contents(take().path)
    assert contents(take().path) == before


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({"seed": 2}, "--seed 1, not 2"),
        ({"options": PopRankOptions()}, "a random, not a poprank"),
        ({"split_seed": 3}, "--split-seed 0, not 3"),
    ],
)
def test_a_finished_run_of_another_training_is_never_removed(take, changed, difference):
    before = contents(take().path)
    with pytest.raises(InputError, match=rf"demo/r is another training.*{difference}.*--out"):
        take(**changed)
    assert contents(take().path) == before


def test_an_option_more_in_a_release_removes_no_finished_run(take, monkeypatch):
    """As a later version finds it: with one option that the run was made without."""
    run = take()
    before = contents(run.path)
    monkeypatch.setattr(RandomOptions, "recorded", lambda self: {"temperature": 0.5})
    with pytest.raises(InputError, match="--temperature None, not 0.5; name another --out"):
        take()
    assert contents(run.path) == before


def test_a_run_on_another_split_is_refused(take, tiny_catalogue, tmp_path):
    user, items = tiny_catalogue.user_ids[0], tiny_catalogue.item_ids[:2]
    rows = "".join(f"{user},{item},train\n" for item in items)
    (tmp_path / "a.csv").write_text("user,item,part\n" + rows)
    run = take(split=tmp_path / "a.csv")
    assert run.split.train.tolist() == [[0, 0], [0, 1]]
    assert take(split=tmp_path / "a.csv").path == run.path
    with pytest.raises(InputError, match="its split is not leave one out"):
        take()
    assert (run.path / "split.csv").is_file()


def test_an_interrupted_training_is_an_error_and_goes_on(take, tiny_catalogue, tmp_path):
    out = tmp_path / "demo" / "r"
    take(options=BPRMFOptions(epochs=1, batch_size=8)).write_metrics(1.0, interrupted=True)

    def interrupted(*arguments, **rest):
        assert out.exists()
        run = train_recommender(*arguments, **rest)
        run.write_metrics(1.0, interrupted=True)
        return run

    options = BPRMFOptions(epochs=1, batch_size=8)
    with pytest.raises(InputError, match="interrupted"):
        finished_or_trained(interrupted, tiny_catalogue, out, options, 1)
    assert (out / "model.keras").is_file()


def test_a_folder_of_something_else_is_left_alone(take, tmp_path):
    (tmp_path / "demo" / "r").mkdir(parents=True)
    (tmp_path / "demo" / "r" / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="not empty.*--out"):
        take()
    assert (tmp_path / "demo" / "r" / "letter.txt").read_text() == "dear"
    shutil.rmtree(tmp_path / "demo" / "r")
    assert take().path.exists()
