import shutil
from dataclasses import asdict
from types import SimpleNamespace

import pytest

from keras_fashion import training
from keras_fashion.catalogue import Catalogue
from keras_fashion.errors import InputError
from keras_fashion.run import Run


@pytest.fixture
def stage(tiny_catalogue, tmp_path):
    """Takes or trains the run `demo/r`, beside its catalogue; counts the trainings."""
    shutil.copytree(tiny_catalogue.path, tmp_path / "demo" / "atelier")
    catalogue = Catalogue.load(tmp_path / "demo" / "atelier")

    def train(catalogue, out, options, seed, **rest):
        stage.seeds.append(seed)
        assert not out.exists()
        run = training.train_recommender(catalogue, out, options, seed=seed, **rest)
        run.finish(interrupted=stage.interrupt)
        return run

    def take(seed, options=training.RandomOptions(), **rest):  # noqa: B008
        return training.finished_or_trained(train, catalogue, stage.out, options, seed, **rest)

    stage = SimpleNamespace(out=tmp_path / "demo" / "r", take=take, seeds=[], interrupt=False)
    return stage


def test_runs_made_otherwise_or_left_half_done_are_made_anew(stage):
    stage.take(1)
    assert stage.take(1).config["seed"] == 1
    assert stage.seeds == [1]
    assert stage.take(2).config["seed"] == 2
    assert stage.seeds == [1, 2]
    # Of options alike, which other models have.
    assert stage.take(2, training.PopRankOptions()).config["model"] == "poprank"
    assert stage.take(2).config["model"] == "random"
    (stage.out / "metrics.json").unlink()  # as the end of the process leaves it
    stage.take(2)
    assert stage.seeds == [1, 2, 2, 2, 2]


def test_an_interrupted_run_is_an_error_and_is_made_anew(stage):
    stage.interrupt = True
    with pytest.raises(InputError, match="interrupted"):
        stage.take(1)
    assert (stage.out / "model.keras").is_file()
    stage.interrupt = False
    assert stage.take(1).metrics["interrupted"] is False
    stage.take(1)
    assert stage.seeds == [1, 1]


def test_a_run_of_something_else_is_refused_and_left_alone(stage, tiny_catalogue):
    """Of another catalogue, in a folder that happens to have the name of a stage."""
    training.train_recommender(tiny_catalogue, stage.out, training.RandomOptions(), seed=7)
    before = {path: path.read_bytes() for path in stage.out.iterdir()}
    with pytest.raises(InputError, match=r"demo/r is a run of something else.*--out"):
        stage.take(1)
    (stage.out / "metrics.json").unlink()
    with pytest.raises(InputError, match="something else"):
        stage.take(1)
    del before[stage.out / "metrics.json"]
    assert {path: path.read_bytes() for path in stage.out.iterdir()} == before

    shutil.rmtree(stage.out)
    stage.out.mkdir()
    (stage.out / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="not a run folder"):
        stage.take(1)
    assert (stage.out / "letter.txt").read_text() == "dear"
    assert stage.seeds == []


def test_a_run_on_another_split_is_made_anew(stage, tiny_catalogue, tmp_path):
    user, other = tiny_catalogue.user_ids[:2]
    items = tiny_catalogue.item_ids[:2]
    for name, each in (("a", user), ("b", other)):
        rows = "".join(f"{each},{item},train\n" for item in items)
        (tmp_path / f"{name}.csv").write_text("user,item,part\n" + rows)
    stage.take(1)
    stage.take(1, split=tmp_path / "a.csv")
    stage.take(1, split=tmp_path / "a.csv")
    assert stage.seeds == [1, 1]
    stage.take(1, split=tmp_path / "b.csv")
    stage.take(1)
    assert stage.seeds == [1, 1, 1, 1]


def test_an_interrupted_gan_goes_on(tiny_catalogue, tmp_path):
    """One that was made in the same way; any other is trained anew."""
    catalogue, out, resumed = tiny_catalogue, tmp_path / "gan", []

    def train(catalogue, out, options, seed, resume=False):
        resumed.append(resume)
        config = {"model": "gan", "seed": seed, "options": asdict(options)}
        run = Run.create(out, config, catalogue) if not resume else Run(out)
        run.started = 0.0
        (out / "model.keras").touch()
        run.finish(interrupted=len(resumed) in (1, 2, 4))
        return run

    def take(options):
        return training.finished_or_trained(train, catalogue, out, options, 1)

    for _ in range(2):
        with pytest.raises(InputError, match="interrupted"):
            take(training.GANOptions())
    take(training.GANOptions())
    take(training.GANOptions())
    assert resumed == [False, True, True]
    with pytest.raises(InputError, match="interrupted"):
        take(training.GANOptions(width=4))
    take(training.GANOptions(width=4))
    assert resumed == [False, True, True, False, True]
