"""Exports tiny models, calls them in a process of its own, and compares with the Python ones."""

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from PIL import Image

from keras_fashion.catalogue import Catalogue, decode_picture, leave_one_out, prepare, scale
from keras_fashion.datasets.in_memory import InMemory
from keras_fashion.design import PROCEDURES, PreferenceMaximiser
from keras_fashion.design.preference_maximiser import SAMPLE
from keras_fashion.errors import InputError
from keras_fashion.models import BPRMF, DVBPR, GAN_PRESETS, CompactEncoder
from keras_fashion.run import Run
from keras_fashion.serving import export
from keras_fashion.serving.recommender import NO_SCORE

CATEGORIES = ["Kleid, lang", "Röcke", "Shoes"]
DESIGN = {"count": 3, "eta": 0.5, "seed": 7}
RESTARTS = PROCEDURES["default"].restarts
OUT_OF_RANGE = f"count must be from 1 to {RESTARTS}"


def picture_file(rng, file_format):
    pixels = rng.integers(0, 256, (9, 6, 3), np.uint8)
    buffer = io.BytesIO()
    # Neither square nor of the models' size: the graph has to letterbox.
    Image.fromarray(pixels).resize((40, 60), Image.BICUBIC).save(buffer, file_format)
    return buffer.getvalue()


def make_catalogue(path, seed=0):
    rng = np.random.default_rng(seed)
    items = [f"{number:010d}" for number in rng.permutation(20)]
    rows = [
        (item, CATEGORIES[place % 3], picture_file(rng, ["PNG", "JPEG"][place % 2]))
        for place, item in enumerate(items)
    ]
    bought = [
        (user, items[place])
        for user in ["ann", "bob", "çem", "007", "eve"]
        for place in rng.choice(20, 7, replace=False)
    ]
    # Too few items to be in a split, and so in training.
    bought += [("new-here", item) for item in items[:2]]
    listed = pd.DataFrame(rows, columns=["item", "category", "picture"])
    prepare(InMemory(listed, pd.DataFrame(bought, columns=["user", "item"])), path, name="tiny")
    return Catalogue.load(path)


def make_run(path, kind, model, catalogue, spread=None):
    """A run with a model of random weights, as training would leave it."""
    rng = np.random.default_rng(1)
    for variable in spread or []:
        variable.assign(rng.normal(0, 1, variable.shape))
    run = Run.create(path, {"model": kind, "seed": 0, "split": None}, catalogue)
    run.save_model(model)
    if kind != "gan":
        run.write_vectors()
    return Run(path)


def make_dvbpr(path, catalogue):
    keras.utils.set_random_seed(0)
    encoder = CompactEncoder(8, (32, 32), width=4)
    model = DVBPR(len(catalogue.user_ids), len(catalogue.item_ids), encoder)
    model.compile("adam")
    model.optimizer.build(model.trainable_variables)  # which has no place in the export
    return make_run(path, "dvbpr", model, catalogue, [model.theta])


def make_gan(path, catalogue):
    gan = replace(GAN_PRESETS["default"], code_size=6).make(len(CATEGORIES), (32, 32), 4, seed=3)
    return make_run(path, "gan", gan, catalogue)


def make_bprmf(path, catalogue):
    model = BPRMF(len(catalogue.user_ids), len(catalogue.item_ids), latent_size=4)
    return make_run(path, "bprmf", model, catalogue, model.weights)


class World(NamedTuple):
    """All that the tests share."""

    catalogue: Catalogue
    dvbpr: Run
    gan: Run
    bprmf: Run


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    catalogue = make_catalogue(folder / "catalogue")
    return World(
        catalogue,
        make_dvbpr(folder / "dvbpr", catalogue),
        make_gan(folder / "gan", catalogue),
        make_bprmf(folder / "bprmf", catalogue),
    )


@pytest.fixture(scope="module")
def exported(world, tmp_path_factory):
    """Versions of both models: 1 is DVBPR and GAN, recommender 2 is BPR-MF."""
    out = tmp_path_factory.mktemp("saved") / "saved_models"
    first = export(world.dvbpr, world.gan, out)
    second = export(world.bprmf, None, out)
    assert first == [out / "recommender" / "1", out / "designer" / "1"]
    assert second == [out / "recommender" / "2"]
    return out


@pytest.fixture(scope="module")
def new_picture():
    return picture_file(np.random.default_rng(99), "JPEG")


@pytest.fixture(scope="module")
def answers(world, exported, new_picture, tmp_path_factory):
    everyone = [*world.catalogue.user_ids.tolist(), "nobody"]
    items = [*world.catalogue.item_ids.tolist(), "no such item"]
    pairs = {
        "user_id": [user for user in everyone for _ in items],
        "item_id": [item for _ in everyone for item in items],
    }
    visual, factors = exported / "recommender" / "1", exported / "recommender" / "2"
    designer = exported / "designer" / "1"
    pictures = [world.catalogue.picture_files[i].hex() for i in range(3)] + [new_picture.hex()]
    design = {"user_id": ["bob"], "category": "Röcke", **DESIGN}
    asked = [
        ("score", visual, "score", pairs),
        ("score_bprmf", factors, "score", pairs),
        ("top", visual, "recommend", {"user_id": everyone, "k": 5, "category": ""}),
        ("top_bprmf", factors, "serving_default", {"user_id": everyone, "k": 5, "category": ""}),
        ("top_shoes", visual, "recommend", {"user_id": everyone, "k": 99, "category": "Shoes"}),
        ("top_nothing", visual, "recommend", {"user_id": everyone, "k": 5, "category": "Hats"}),
        ("embed", visual, "embed", {"image_bytes": pictures}),
        ("broken", visual, "embed", {"image_bytes": [b"no picture".hex()]}),
        (
            "score_picture",
            visual,
            "score_picture",
            {"user_id": ["eve", "nobody"], "image_bytes": [new_picture.hex()] * 2},
        ),
        ("generate", designer, "generate", {"category": [*CATEGORIES, "Shoes"], "seed": 5}),
        ("design", designer, "design", design),
        ("group", designer, "serving_default", design | {"user_id": ["ann", "007"]}),
        ("unknown_category", designer, "design", design | {"category": "Hats"}),
        ("unknown_drawing", designer, "generate", {"category": ["Shoes", "Hats"], "seed": 5}),
        ("unknown_user", designer, "design", design | {"user_id": ["ann", "nobody"]}),
        ("untrained_user", designer, "design", design | {"user_id": ["new-here"]}),
        ("too_many", designer, "design", design | {"count": RESTARTS + 1}),
        ("none_asked", designer, "design", design | {"count": 0}),
        ("empty_group", designer, "design", design | {"user_id": []}),
        ("negative_eta", designer, "design", design | {"eta": -0.5}),
    ]
    folder = tmp_path_factory.mktemp("client")
    questions = [
        dict(zip(["name", "model", "signature", "inputs"], [name, str(model), *rest], strict=True))
        for name, model, *rest in asked
    ]
    (folder / "questions.json").write_text(json.dumps(questions), encoding="utf-8")
    client = Path(__file__).with_name("client.py")
    done = subprocess.run(
        [sys.executable, str(client), "questions.json", "answers.npz"],
        cwd=folder,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    with np.load(folder / "answers.npz") as arrays:
        return dict(arrays)


def true_scores(run, catalogue, pictures=None):
    """(U, I) by calling the Keras model on every pair, not by its scoring vectors."""
    rows = []
    for user in range(len(catalogue.user_ids)):
        items = np.arange(len(catalogue.item_ids))
        inputs = {"user": np.full(len(items), user), "item": items}
        if pictures is not None:
            inputs["picture"] = pictures
        rows.append(run.model(inputs).numpy())
    return np.stack(rows)


@pytest.fixture(scope="module")
def scores(world):
    """What each export should say: (U + 1, I), the last row for users who are not known."""
    catalogue = world.catalogue
    pictures = tf.stack(
        [scale(decode_picture(catalogue.picture_files[i], (32, 32))) for i in range(20)]
    )
    popularity = np.zeros(20)
    for _, item in leave_one_out(catalogue, seed=0).train:
        popularity[item] += 1
    untrained = catalogue.user_index("new-here")
    tables = {}
    for name, run, seen in [("", world.dvbpr, pictures), ("_bprmf", world.bprmf, None)]:
        table = np.vstack([true_scores(run, catalogue, seen), popularity])
        table[untrained] = popularity
        tables[name] = table
    return tables


@pytest.mark.parametrize("model", ["", "_bprmf"])
def test_scores_are_those_of_the_python_model(answers, scores, model):
    expected = scores[model]
    assert expected[0].std() > 0.05  # so that the tolerance below means something
    table = answers[f"score{model}/score"].reshape(7, 21)
    np.testing.assert_allclose(table[:, :20], expected, rtol=1e-5, atol=1e-5)
    assert (table[:, 20] == NO_SCORE).all()


def test_unknown_users_and_items_are_flagged(world, answers):
    known = [user != "new-here" for user in world.catalogue.user_ids] + [False]
    assert answers["top/known_user"].tolist() == known
    np.testing.assert_array_equal(
        answers["score/known_user"].reshape(7, 21), np.repeat(np.array(known)[:, None], 21, 1)
    )
    assert answers["score/known_item"].reshape(7, 21).tolist() == [[True] * 20 + [False]] * 7


def best(catalogue, row, user, k, category=None):
    """The brute-force answer for one user: ids and scores, the best first."""
    bought = [] if user is None else [item for who, item in catalogue.interactions if who == user]
    candidates = [
        item
        for item in range(len(catalogue.item_ids))
        if item not in bought
        and category in (None, catalogue.categories[catalogue.item_categories[item]])
    ]
    candidates.sort(key=lambda item: (-row[item], item))
    return [(catalogue.item_ids[item], row[item]) for item in candidates[:k]]


@pytest.mark.parametrize("model", ["", "_bprmf"])
def test_recommends_the_best_items_not_yet_bought(world, answers, scores, model):
    for place, user in enumerate([*range(6), None]):
        expected = best(world.catalogue, scores[model][place], user, 5)
        assert answers[f"top{model}/item_id"][place].tolist() == [item for item, _ in expected]
        np.testing.assert_allclose(
            answers[f"top{model}/score"][place], [score for _, score in expected], rtol=1e-5
        )


def test_a_category_can_be_asked_for_and_runs_out(world, answers, scores):
    ids, values = answers["top_shoes/item_id"], answers["top_shoes/score"]
    assert ids.shape == values.shape == (7, 20)  # k is capped at the number of items
    for place, user in enumerate([*range(6), None]):
        expected = best(world.catalogue, scores[""][place], user, 20, "Shoes")
        missing = 20 - len(expected)
        assert missing >= 14
        assert ids[place].tolist() == [item for item, _ in expected] + [""] * missing
        assert (values[place, -missing:] == NO_SCORE).all()


def test_embeds_new_pictures_as_in_training(world, answers, new_picture):
    files = [*(world.catalogue.picture_files[i] for i in range(3)), new_picture]
    pictures = tf.stack([scale(decode_picture(file, (32, 32))) for file in files])
    np.testing.assert_allclose(
        answers["embed/embedding"], world.dvbpr.model.encoder(pictures), rtol=1e-5, atol=1e-6
    )
    # The catalogue's own pictures give the vectors that training left.
    np.testing.assert_allclose(
        answers["embed/embedding"][:3], world.dvbpr.vectors.items[:3], rtol=1e-4, atol=1e-6
    )
    theta = world.dvbpr.model.theta.numpy()[world.catalogue.user_index("eve")]
    score, none = answers["score_picture/score"]
    assert score == pytest.approx(theta @ answers["embed/embedding"][3], rel=1e-5)
    assert none == NO_SCORE
    assert answers["score_picture/known_user"].tolist() == [True, False]


@pytest.fixture(scope="module")
def maximiser(world):
    return PreferenceMaximiser(world.dvbpr.model, world.gan.model)


def test_generates_as_in_python(world, answers, maximiser):
    index = [*(world.catalogue.category_index(name) for name in CATEGORIES), 2]
    pictures = world.gan.model([maximiser.prior(4, 5), tf.constant(index)])
    expected = np.clip((pictures.numpy() + 1) * 127.5, 0, 255)
    assert expected.std() > 0.5
    np.testing.assert_allclose(answers["generate/image_bytes"], expected, atol=1)


@pytest.mark.parametrize(("name", "users"), [("design", ["bob"]), ("group", ["ann", "007"])])
def test_designs_as_in_python(world, answers, maximiser, name, users):
    catalogue = world.catalogue
    designs = maximiser.design(
        [catalogue.user_index(user) for user in users], catalogue.category_index("Röcke"), **DESIGN
    )
    pictures = answers[f"{name}/image_bytes"]
    assert pictures.shape == (3, 32, 32, 3) and pictures.dtype == np.uint8
    difference = np.abs(pictures.astype(int) - designs.pictures[0].astype(int))
    assert difference.max() <= 1
    np.testing.assert_allclose(answers[f"{name}/preference"], designs.preference[0], rtol=1e-3)
    np.testing.assert_allclose(answers[f"{name}/realism"], designs.realism[0], rtol=1e-3, atol=1e-4)
    # The ascent ran: chance finds nothing so good among as many codes, by the mean of the members.
    users = [catalogue.user_index(user) for user in users]
    thetas = world.dvbpr.model.theta.numpy()[users]
    _, styles, realism = maximiser.terms(maximiser.prior(32, 7), tf.fill([32], 1))
    sample = maximiser.prior_sample([1]).styles[0].numpy() @ thetas.T
    level, spread = sample.mean(axis=0), sample.std(axis=0)
    together = ((styles.numpy() @ thetas.T - level) / spread).mean(axis=1)
    chance = level.mean() + spread.mean() * together
    objective = answers[f"{name}/preference"] - 0.5 * (answers[f"{name}/realism"] - 1) ** 2
    assert objective.min() > np.max(chance - 0.5 * (realism - 1) ** 2)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("top_nothing", ["category is not known", "Hats"]),
        ("unknown_category", ["category is not known", "Hats"]),
        ("unknown_drawing", ["category is not known", "Hats"]),
        ("unknown_user", ["user_id is not known", "nobody"]),
        ("untrained_user", ["user_id is not known", "new-here"]),
        ("too_many", [OUT_OF_RANGE, str(RESTARTS + 1)]),
        ("none_asked", [OUT_OF_RANGE, "0"]),
        ("empty_group", ["must name one user or more"]),
        ("negative_eta", ["eta must be 0 or more", "-0.5"]),
        ("broken", ["image"]),
    ],
)
def test_mistakes_are_named(answers, name, words):
    message = str(answers[f"{name}/error"])
    assert all(word in message for word in words)
    assert "[ann" not in message  # only what is wrong is named


def test_describes_itself_and_carries_no_optimiser(world, exported):
    facts = json.loads(
        (exported / "designer" / "1" / "assets.extra" / "keras_fashion.json").read_text("utf-8")
    )
    assert facts["fingerprint"] == world.catalogue.fingerprint
    assert facts["categories"] == CATEGORIES
    assert facts["models"] == ["dvbpr", "gan"]
    assert set(facts["signatures"]) == {"design", "generate"}
    assert facts["signatures"]["design"]["inputs"]["count"] == "int32 ()"
    assert facts["signatures"]["design"]["outputs"]["image_bytes"] == "string (None,)"
    for model, runs in [("recommender/1", [world.dvbpr]), ("designer/1", [world.dvbpr, world.gan])]:
        reader = tf.train.load_checkpoint(str(exported / model / "variables" / "variables"))
        stored = sum(np.prod(s) for s in reader.get_variable_to_shape_map().values())
        tables = 7 * 8 + 21 * (8 + 3) + 20 + 37 + 9  # what the recommender holds beside Phi
        weights = [run.model.encoder if run is world.dvbpr else run.model for run in runs]
        if model == "designer/1":  # the sample of the prior, its looks and their mean
            tables += SAMPLE * (6 + 3 * (8 + 1 + 8 * 8 * 3)) + 3 * (32 * 32 * 3 + 1)
        assert stored <= sum(network.count_params() for network in weights) + tables + 1
        assert not any("optimizer" in name for name in reader.get_variable_to_shape_map())


def test_versions_count_on_and_nothing_is_overwritten(world, tmp_path):
    kept = tmp_path / "recommender" / "9" / "kept"
    kept.mkdir(parents=True)
    (tmp_path / "recommender" / "latest").mkdir()
    assert export(world.bprmf, None, tmp_path) == [tmp_path / "recommender" / "10"]
    assert kept.is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["recommender"]


def test_a_failure_leaves_nothing_behind(world, tmp_path, monkeypatch):
    save = tf.saved_model.save

    def fails_on_the_designer(module, path, **kwargs):
        if "designer" in path:
            raise OSError("disk full")
        save(module, path, **kwargs)

    monkeypatch.setattr(tf.saved_model, "save", fails_on_the_designer)
    with pytest.raises(OSError, match="disk full"):
        export(world.dvbpr, world.gan, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_wrong_runs_are_refused_by_name(world, tmp_path):
    other = make_catalogue(tmp_path / "other", seed=1)
    stranger = make_gan(tmp_path / "stranger", other)
    out = tmp_path / "out"
    with pytest.raises(InputError, match="gan is not the run of a recommender"):
        export(world.gan, None, out)
    with pytest.raises(InputError, match="bprmf is a run of bprmf, not of dvbpr"):
        export(world.bprmf, world.gan, out)
    with pytest.raises(InputError, match="bprmf is a run of bprmf, not of gan"):
        export(world.dvbpr, world.bprmf, out)
    with pytest.raises(InputError, match="different catalogues"):
        export(world.dvbpr, stranger, out)
    assert not out.exists()
    out.write_text("a file")
    with pytest.raises(InputError, match="cannot be written"):
        export(world.bprmf, None, out)


def test_an_id_with_a_line_break_is_refused(world, tmp_path):
    catalogue = make_catalogue(tmp_path / "catalogue")
    run = Run(world.bprmf.path)
    catalogue.user_ids = np.array(["a\nb", *catalogue.user_ids[1:]])
    run.catalogue = catalogue
    with pytest.raises(InputError, match=r"users: the id 'a\\nb' holds a line break"):
        export(run, None, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
