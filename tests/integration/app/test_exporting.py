"""Tests of exports: their content, their versions, and refused runs."""

import json
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from served_questions import EXPORTED, warm_up_requests
from tiny_world import CATEGORIES, make_catalogue

from keras_fashion.app import exporting as module
from keras_fashion.app.comparison import compare_runs
from keras_fashion.app.exporting import export
from keras_fashion.app.run import Run
from keras_fashion.design.scored_generator import SAMPLE_SIZE
from keras_fashion.errors import InputError
from keras_fashion.serving.signatures.served_module import ServedModule


class Adder(ServedModule):
    """A served module for tests in which any model will do."""

    def __init__(self, *_):
        super().__init__()
        self.one = tf.Variable(1.0)

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32, "number")], autograph=False)
    def add(self, number):
        return {"sum": number + self.one}

    def signatures(self):
        return {"add": self.add}

    def example_requests(self, trained):
        return {"add": {"number": 1.0}}


@pytest.fixture
def trivial(monkeypatch):
    """Makes exports that have one signature and are not measured."""
    monkeypatch.setattr(module, "_recommender_parts", lambda *_: [Adder()])
    monkeypatch.setattr(module, "ServedDesigner", Adder)
    for measure in ("measure_recommender", "measure_designer"):
        monkeypatch.setattr(module, measure, lambda *_: {})


def test_describes_itself_and_carries_no_optimizer(world, exported):
    facts = json.loads(
        (exported / "designer" / "1" / "assets.extra" / "keras_fashion.json").read_text("utf-8")
    )
    assert facts["fingerprint"] == world.catalogue.fingerprint
    assert facts["categories"] == CATEGORIES
    assert facts["models"] == ["dvbpr", "gan"]
    assert set(facts["signatures"]) == {"design", "generate", "redesign"}
    assert facts["signatures"]["design"]["inputs"]["count"] == "int32 ()"
    assert facts["signatures"]["design"]["outputs"]["image_bytes"] == "string (None,)"
    for model, runs in [("recommender/1", [world.dvbpr]), ("designer/1", [world.dvbpr, world.gan])]:
        reader = tf.train.load_checkpoint(str(exported / model / "variables" / "variables"))
        stored = sum(np.prod(s) for s in reader.get_variable_to_shape_map().values())
        # Tables of the recommender besides Phi: users, items in whole chunks and their categories
        # and lengths, purchases, the mean embedding.
        tables = 7 * (8 + 2) + 64 * (8 + 2 + 1 + 1) + 37 + 9 + 8
        weights = [run.model.encoder if run is world.dvbpr else run.model for run in runs]
        if model == "designer/1":  # the sample of the prior, its thumbnails and their mean
            tables += SAMPLE_SIZE * (6 + 3 * (8 + 1 + 8 * 8 * 3)) + 3 * (32 * 32 * 3 + 1)
        # 3 for the state of a dropout's seed, which is no parameter, and TensorFlow's object graph.
        assert stored <= sum(network.count_params() for network in weights) + tables + 3
        assert not any("optimizer" in name for name in reader.get_variable_to_shape_map())


@pytest.mark.usefixtures("trivial")
def test_versions_count_on_and_nothing_is_overwritten(world, tmp_path):
    kept = tmp_path / "recommender" / "9" / "kept"
    kept.mkdir(parents=True)
    (tmp_path / "recommender" / "latest").mkdir()
    (tmp_path / "recommender" / ".11.withdrawn").mkdir()
    assert export(world.bprmf, None, tmp_path) == [tmp_path / "recommender" / "12"]
    assert kept.is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["recommender"]


@pytest.mark.usefixtures("trivial")
def test_a_failure_leaves_no_files(world, tmp_path, monkeypatch):
    save = tf.saved_model.save
    saved = []

    def fails_on_the_designer(module, path, **kwargs):
        if "designer" in path:
            raise OSError("disk full")
        save(module, path, **kwargs)
        saved.append(path)

    monkeypatch.setattr(tf.saved_model, "save", fails_on_the_designer)
    with pytest.raises(OSError, match="disk full"):
        export(world.dvbpr, world.gan, tmp_path)
    assert len(saved) == 1
    assert [path for path in tmp_path.rglob("*") if path.parent != tmp_path] == []


def test_wrong_runs_are_refused_with_their_names(world, tmp_path):
    other = make_catalogue(tmp_path / "other", seed=1)
    other_gan = Run.create(tmp_path / "other_gan", {"model": "gan", "seed": 0}, other)
    out = tmp_path / "out"
    with pytest.raises(InputError, match="gan is not the run of a recommender"):
        export(world.gan, None, out)
    with pytest.raises(InputError, match="bprmf is a run of bprmf, not of dvbpr"):
        export(world.bprmf, world.gan, out)
    with pytest.raises(InputError, match="bprmf is a run of bprmf, not of gan"):
        export(world.dvbpr, world.bprmf, out)
    with pytest.raises(InputError, match="different catalogues"):
        export(world.dvbpr, other_gan, out)
    assert not out.exists()
    out.write_text("a file")
    with pytest.raises(InputError, match="cannot be created"):
        export(world.bprmf, None, out)


def test_a_maximizer_is_used_if_it_has_the_models_of_the_runs(
    world, tmp_path, trivial, monkeypatch
):
    used = []

    def make(trained, maximizer, folder):
        used.append(maximizer)
        return Adder()

    monkeypatch.setattr(module, "ServedDesigner", make)
    own = SimpleNamespace(recommender=world.dvbpr.model, gan=world.gan.model)
    export(world.dvbpr, world.gan, tmp_path / "out", own)
    assert used == [own]
    other = SimpleNamespace(recommender=world.bprmf.model, gan=world.gan.model)
    with pytest.raises(ValueError, match="must have the models of"):
        export(world.dvbpr, world.gan, tmp_path / "other", other)
    assert not (tmp_path / "other").exists()


def test_an_id_with_a_line_break_is_refused(world, tmp_path):
    catalogue = make_catalogue(tmp_path / "catalogue")
    run = Run(world.bprmf.path)
    catalogue.user_ids = np.array(["a\nb", *catalogue.user_ids[1:]])
    run.catalogue = catalogue
    with pytest.raises(InputError, match=r"users: the id 'a\\nb' holds a line break"):
        export(run, None, tmp_path / "out")
    assert list((tmp_path / "out" / "recommender").iterdir()) == []


@pytest.mark.parametrize("model", EXPORTED)
def test_a_server_can_warm_up_with_every_signature(exported, all_answers, model):
    asked = set()
    for request in warm_up_requests(exported, model):
        assert request.model_spec.name == model.split("/")[0]
        answer = all_answers[f"warm_up/{model}/{request.model_spec.signature_name}"]
        assert "error" not in answer
        assert all(len(value) for value in answer.values())
        asked.add(request.model_spec.signature_name)
    assert asked == {*all_answers[model]["signatures"]} - {"serving_default"}


def test_the_card_gives_what_was_measured(world, exported):
    extra = exported / "recommender" / "1" / "assets.extra"
    card = (extra / "model_card.md").read_text("utf-8")
    facts = json.loads((extra / "keras_fashion.json").read_text("utf-8"))
    measured = compare_runs([world.dvbpr], ks=[10]).models
    for name, model in {"PopRank": "poprank", "dvbpr": "dvbpr"}.items():
        for metric, values in facts["measured"][name].items():
            expected = measured[model][metric]
            if expected is None:
                assert values is None
                continue
            assert values == [expected.mean, expected.low, expected.high]
            assert f"{expected.mean:.3f}" in card
    assert world.catalogue.fingerprint in card
    assert "license of the data: the source states none" in card


@pytest.mark.usefixtures("trivial")
def test_a_watching_server_never_sees_half_a_model(world, tmp_path, monkeypatch):
    save = tf.saved_model.save

    def saves_slowly(module, path, **kwargs):
        save(module, path, **kwargs)
        time.sleep(0.1)

    monkeypatch.setattr(tf.saved_model, "save", saves_slowly)
    whole = {"saved_model.pb", "variables", "assets", "assets.extra", "fingerprint.pb"}
    seen, ended = [], threading.Event()

    def watch():
        while not ended.is_set():
            for path in tmp_path.glob("*/*"):
                if path.name.isdecimal():  # as TensorFlow Serving takes folders for versions
                    extra = {each.name for each in (path / "assets.extra").iterdir()}
                    seen.append(({each.name for each in path.iterdir()}, extra))
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    export(world.bprmf, None, tmp_path)
    time.sleep(0.1)
    ended.set()
    watcher.join()
    extra = {"model_card.md", "keras_fashion.json", "tf_serving_warmup_requests"}
    assert seen
    assert all(folder == whole and files == extra for folder, files in seen)


@pytest.mark.parametrize("table", ["users", "items", "biases"])
def test_a_model_that_has_diverged_is_refused(world, tmp_path, table):
    run = Run(world.bprmf.path)
    vectors = {name: each.copy() for name, each in run.vectors._asdict().items()}
    vectors[table][2] = np.inf
    run.vectors = type(run.vectors)(**vectors)
    with pytest.raises(InputError, match="vectors.* are not finite; the model has diverged"):
        export(run, None, tmp_path / "out")
