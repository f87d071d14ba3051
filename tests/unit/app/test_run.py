import json
import shutil

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import keras_fashion
from keras_fashion.app.run import Run, remove_run
from keras_fashion.data import Catalogue, leave_one_out, picture_batches
from keras_fashion.errors import InputError
from keras_fashion.models import BPRMF, DVBPR, CompactEncoder

CONFIG = {"model": "bprmf", "seed": 3, "split": None, "options": {"epochs": 2}}


@pytest.fixture
def run(tmp_path, tiny_catalogue):
    return Run.create(tmp_path / "run", CONFIG, tiny_catalogue)


def counts(catalogue):
    return len(catalogue.user_ids), len(catalogue.item_ids)


def test_config_has_everything_to_repeat_the_training(run, tiny_catalogue):
    written = json.loads((run.path / "config.json").read_text())
    assert written["model"] == "bprmf"
    assert written["seed"] == 3
    assert written["options"] == {"epochs": 2}
    assert written["fingerprint"] == tiny_catalogue.fingerprint
    assert written["catalogue"] == str(tiny_catalogue.path.resolve())
    assert written["versions"]["tensorflow"] == tf.__version__
    assert written["versions"]["keras"] == keras.__version__
    assert written["versions"]["keras_fashion"] == keras_fashion.__version__
    assert Run(run.path).config == written


def test_the_catalogue_is_found_from_another_working_directory(
    tmp_path, tiny_catalogue, monkeypatch
):
    monkeypatch.chdir(tiny_catalogue.path.parent)
    Run.create(tmp_path / "run", CONFIG, Catalogue.load(tiny_catalogue.path.name))
    monkeypatch.chdir(tmp_path)
    found = Run(tmp_path / "run").catalogue
    assert found.item_ids.tolist() == tiny_catalogue.item_ids.tolist()


def test_a_folder_in_use_is_left_alone(tmp_path, tiny_catalogue):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty.*--out"):
        Run.create(tmp_path, CONFIG, tiny_catalogue)
    with pytest.raises(InputError, match=r"notes\.txt"):
        Run.create(tmp_path / "notes.txt", CONFIG, tiny_catalogue)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    (tmp_path / "empty").mkdir()
    assert Run.create(tmp_path / "empty", CONFIG, tiny_catalogue).config["seed"] == 3


def test_a_run_that_ended_before_its_first_epoch_is_replaced(run, tiny_catalogue):
    (run.path / "history.csv").write_text("epoch,loss\n")
    (run.path / "split.csv").write_text("user,item,part\n")
    again = Run.create(run.path, CONFIG | {"seed": 4}, tiny_catalogue)
    assert [path.name for path in again.path.iterdir()] == ["config.json"]
    assert Run(run.path).config["seed"] == 4

    (run.path / "model.keras").write_bytes(b"a first epoch")
    with pytest.raises(InputError, match="not empty"):
        Run.create(run.path, CONFIG, tiny_catalogue)
    assert (run.path / "model.keras").read_bytes() == b"a first epoch"
    assert Run(run.path).config["seed"] == 4


@pytest.mark.parametrize("theirs", ['{"editor": "vi"}', "[1]", "not json"])
def test_a_config_of_something_else_makes_no_run(tmp_path, tiny_catalogue, theirs):
    (tmp_path / "config.json").write_text(theirs)
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="not empty.*--out"):
        Run.create(tmp_path, CONFIG, tiny_catalogue)
    assert (tmp_path / "config.json").read_text() == theirs
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_folder_that_is_not_a_run_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere is not a run folder.*train"):
        Run(tmp_path / "nowhere").config  # noqa: B018
    (tmp_path / "config.json").write_text("{half")
    with pytest.raises(InputError, match="not a run folder"):
        Run(tmp_path).config  # noqa: B018


def test_an_untrained_run_has_no_model_and_no_vectors(run):
    with pytest.raises(InputError, match="no trained model"):
        run.model  # noqa: B018
    with pytest.raises(InputError, match="has no vectors of its model yet"):
        run.vectors  # noqa: B018
    assert run.metrics == {}


def test_a_changed_catalogue_is_refused(tmp_path, tiny_catalogue):
    shop = tmp_path / "shop"
    shutil.copytree(tiny_catalogue.path, shop)
    run = Run.create(tmp_path / "run", CONFIG, Catalogue.load(shop))
    assert run.catalogue.fingerprint == tiny_catalogue.fingerprint

    facts = json.loads((shop / "catalogue.json").read_text())
    (shop / "catalogue.json").write_text(json.dumps(facts | {"fingerprint": "0123456789abcdef"}))
    with pytest.raises(InputError, match="another catalogue.*0123456789ab"):
        Run(run.path).catalogue  # noqa: B018
    shutil.rmtree(shop)
    with pytest.raises(InputError, match="not a prepared catalogue"):
        Run(run.path).catalogue  # noqa: B018


def test_model_and_vectors_come_back_as_they_were_saved(run, tiny_catalogue):
    keras.utils.set_random_seed(0)
    model = BPRMF(*counts(tiny_catalogue), latent_size=3)
    model.beta_item.assign(np.linspace(-1, 1, model.num_items))
    run.save_model(model)
    run.write_vectors()
    run.write_json("metrics.json", {"training_seconds": 2.5})

    later = Run(run.path)
    assert later.metrics == {"training_seconds": 2.5}
    np.testing.assert_array_equal(later.model.gamma_user, model.gamma_user)
    np.testing.assert_array_equal(later.vectors.users, model.gamma_user)
    np.testing.assert_array_equal(later.vectors.items, model.gamma_item)
    np.testing.assert_allclose(later.vectors.biases, np.linspace(-1, 1, model.num_items))
    left = sorted(path.name for path in run.path.iterdir())
    assert left == ["config.json", "metrics.json", "model.keras", "vectors.npz"]


def test_a_visual_model_embeds_pictures_at_its_size(run, tiny_catalogue):
    keras.utils.set_random_seed(0)
    model = DVBPR(*counts(tiny_catalogue), CompactEncoder(4, (16, 16), width=2))
    run.save_model(model)
    run.write_vectors()
    pictures = next(iter(picture_batches(tiny_catalogue.pictures((16, 16)))))
    np.testing.assert_allclose(run.vectors.items, model.encoder(pictures), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(run.vectors.biases, 0)


def test_a_failed_save_keeps_the_model_before(run, tiny_catalogue):
    model = BPRMF(*counts(tiny_catalogue), latent_size=3)
    run.save_model(model)

    class Full(BPRMF):
        def save(self, path):
            path.write_bytes(b"half a")
            raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        run.save_model(Full(*counts(tiny_catalogue), latent_size=3))
    np.testing.assert_array_equal(Run(run.path).model.gamma_item, model.gamma_item)
    assert sorted(path.name for path in run.path.iterdir()) == ["config.json", "model.keras"]


def test_the_split_is_the_one_that_was_trained_on(tmp_path, tiny_catalogue, run):
    expected = leave_one_out(tiny_catalogue, seed=3)
    np.testing.assert_array_equal(run.split.test, expected.test)
    np.testing.assert_array_equal(run.split.train, expected.train)

    user, item = tiny_catalogue.interactions[0]
    rows = [
        (tiny_catalogue.user_ids[user], tiny_catalogue.item_ids[item], "train"),
        (tiny_catalogue.user_ids[user], tiny_catalogue.item_ids[(item + 1) % 24], "test"),
    ]
    given = Run.create(tmp_path / "given", CONFIG, tiny_catalogue)
    split = pd.DataFrame(rows, columns=["user", "item", "part"])
    split.to_csv(given.path / "split.csv", index=False)
    np.testing.assert_array_equal(given.split.train, [[user, item]])
    np.testing.assert_array_equal(given.split.test, [[user, (item + 1) % 24]])


def test_users_whom_the_model_was_not_trained_on_are_refused_with_the_reason(run, tiny_catalogue):
    assert run.trained_user("user6") == tiny_catalogue.user_index("user6")
    with pytest.raises(InputError, match=r"not trained on user 'user7'.*4 item\(s\).*at least 5"):
        run.trained_user("user7")
    with pytest.raises(InputError, match="no user 'usr6'.*user6"):
        run.trained_user("usr6")


def test_temporary_files_of_a_killed_process_are_ignored(tmp_path, tiny_catalogue):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".123.config.json").write_text("{")
    Run.create(tmp_path / "run", CONFIG, tiny_catalogue)


def test_a_run_is_never_half_removed(tmp_path, run, monkeypatch):
    def killed(path):
        assert not run.path.exists()
        raise SystemExit

    monkeypatch.setattr("shutil.rmtree", killed)
    with pytest.raises(SystemExit):
        remove_run(run.path)
    assert not run.path.exists()


def test_rows_of_later_epochs_and_incomplete_rows_are_removed_from_the_history(run):
    history = run.path / "history.csv"
    run.truncate_history(2)
    assert not history.exists()
    history.write_bytes(b"epoch,loss\r\n0,0.5\r\n1,0.4\r\n2,0.3\r\n3,0.")
    run.truncate_history(2)
    assert history.read_bytes() == b"epoch,loss\r\n0,0.5\r\n1,0.4\r\n"
    before = history.stat().st_mtime_ns
    run.truncate_history(2)
    assert history.stat().st_mtime_ns == before
