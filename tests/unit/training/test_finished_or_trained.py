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
        run = training.train_recommender(catalogue, out, options, seed=seed, **rest)
        run.write_metrics(1.0, interrupted=stage.interrupt)
        return run

    def take(seed, options=training.RandomOptions(), **rest):  # noqa: B008
        return training.finished_or_trained(train, catalogue, stage.out, options, seed, **rest)

    stage = SimpleNamespace(out=tmp_path / "demo" / "r", take=take, seeds=[], interrupt=False)
    return stage


def test_runs_made_otherwise_are_made_anew_and_others_taken_as_they_are(stage):
    made = []

    def take(*arguments):
        run = stage.take(*arguments)
        made.append((run.path / "model.keras").stat().st_mtime_ns)
        return run.config

    assert take(1)["seed"] == take(1)["seed"] == 1
    assert take(2)["seed"] == 2
    # Of options alike, which other models have.
    assert take(2, training.PopRankOptions())["model"] == "poprank"
    assert take(2)["model"] == "random"
    assert made[0] == made[1] and len(set(made)) == 4


def test_an_interrupted_run_is_an_error_and_is_given_to_the_training_again(stage):
    stage.interrupt = True
    with pytest.raises(InputError, match="interrupted"):
        stage.take(1)
    assert (stage.out / "model.keras").is_file()
    assert stage.seeds == [1]


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

    assert stage.seeds == []
    shutil.rmtree(stage.out)
    stage.out.mkdir()
    (stage.out / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="not empty.*--out"):
        stage.take(1)
    assert (stage.out / "letter.txt").read_text() == "dear"


def test_a_run_on_another_split_is_made_anew(stage, tiny_catalogue, tmp_path):
    user, other = tiny_catalogue.user_ids[:2]
    items = tiny_catalogue.item_ids[:2]
    for name, each in (("a", user), ("b", other)):
        rows = "".join(f"{each},{item},train\n" for item in items)
        (tmp_path / f"{name}.csv").write_text("user,item,part\n" + rows)
    stage.take(1)
    stage.take(1, split=tmp_path / "a.csv")
    stage.take(1, split=tmp_path / "a.csv")
    assert Run(stage.out).split.train.tolist() == [[0, 0], [0, 1]]
    stage.take(1, split=tmp_path / "b.csv")
    assert Run(stage.out).split.train.tolist() == [[1, 0], [1, 1]]
    stage.take(1)
    assert not (stage.out / "split.csv").exists()


def test_an_interrupted_training_goes_on(tiny_catalogue, tmp_path):
    """One that was made in the same way; any other is trained anew."""
    out, begun = tmp_path / "gan", []

    def train(catalogue, out, options, seed):
        begun.append(out.exists())
        config = {"model": "gan", "seed": seed, "options": asdict(options)}
        run = Run(out) if out.exists() else Run.create(out, config, catalogue)
        run.write_metrics(1.0, interrupted=len(begun) in (1, 2, 4))
        return run

    def take(options):
        return training.finished_or_trained(train, tiny_catalogue, out, options, 1)

    for _ in range(2):
        with pytest.raises(InputError, match="interrupted"):
            take(training.GANOptions())
    take(training.GANOptions())
    assert begun == [False, True, True]
    with pytest.raises(InputError, match="interrupted"):
        take(training.GANOptions(width=4))
    take(training.GANOptions(width=4))
    assert begun == [False, True, True, False, True]
