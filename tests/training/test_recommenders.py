import io

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from keras_fashion import training
from keras_fashion.catalogue import Catalogue, CatalogueWriter, leave_one_out
from keras_fashion.errors import InputError
from keras_fashion.models import BPRMF
from keras_fashion.run import Run
from keras_fashion.training.options import BPRMFOptions, DVBPROptions, NoOptions, VBPROptions

SHORT = {"epochs": 2, "batch_size": 16}
DVBPR = DVBPROptions(**SHORT, picture_size=16, embedding_size=4)
MODELS = {
    "random": NoOptions(),
    "poprank": NoOptions(),
    "visrank": NoOptions(),
    "bprmf": BPRMFOptions(**SHORT, latent_size=4),
    "vbpr": VBPROptions(**SHORT, latent_size=4, visual_size=4),
    "dvbpr": DVBPR,
}


def train(name, catalogue, out, options=None, **kwargs):
    return getattr(training, f"train_{name}")(catalogue, out, options or MODELS[name], **kwargs)


@pytest.fixture(scope="module")
def trained(tiny_catalogue, tmp_path_factory):
    """A run of every model, all with seed 1."""
    folder = tmp_path_factory.mktemp("runs")
    return {name: train(name, tiny_catalogue, folder / name, seed=1) for name in MODELS}


@pytest.mark.parametrize("name", MODELS)
def test_a_run_holds_all_that_is_needed_later(trained, tiny_catalogue, name):
    run = Run(trained[name].path)
    assert run.config["model"] == name
    assert run.config["seed"] == 1
    assert run.config["fingerprint"] == tiny_catalogue.fingerprint
    assert run.metrics["training_seconds"] >= 0
    assert run.metrics["interrupted"] is False
    vectors = run.vectors
    assert len(vectors.users) == 8 and len(vectors.items) == len(vectors.biases) == 24
    scores = vectors.scores(np.arange(8))
    assert np.isfinite(scores).all() and len(np.unique(scores)) > 3
    assert not [path for path in run.path.rglob(".*")], "nothing half-written is left"
    if name not in ("random", "poprank", "visrank"):
        assert run.config["options"]["epochs"] == 2
        history = pd.read_csv(run.path / "history.csv")
        assert len(history) == 2
        assert history["val_auc"].between(0, 1).all() and history["loss"].notna().all()


@pytest.mark.parametrize("name", MODELS)
def test_the_seed_decides_everything(trained, tiny_catalogue, tmp_path, name):
    again = train(name, tiny_catalogue, tmp_path / "again", seed=1).vectors
    other = train(name, tiny_catalogue, tmp_path / "other", seed=2).vectors
    for first, second in zip(trained[name].vectors, again, strict=True):
        np.testing.assert_array_equal(first, second)
    users = np.arange(8)
    assert not np.allclose(other.scores(users), again.scores(users), atol=1e-4)


def test_poprank_counts_the_training_part_only(trained):
    run = trained["poprank"]
    counts = np.zeros(24)
    for _, item in run.split.train:
        counts[item] += 1
    scores = run.vectors.scores(np.arange(8))
    for row in scores:
        for first in range(24):
            assert np.all((row[first] > row) == (counts[first] > counts))


def test_the_given_split_is_trained_on(tiny_catalogue, tmp_path):
    own = leave_one_out(tiny_catalogue, seed=5)
    rows = [
        (tiny_catalogue.user_ids[user], tiny_catalogue.item_ids[item], part)
        for part, pairs in (("train", own.train[:9]), ("valid", own.validation[:1]))
        for user, item in pairs
    ]
    path = tmp_path / "split.csv"
    pd.DataFrame(rows, columns=["user", "item", "part"]).to_csv(path, index=False)
    run = train("poprank", tiny_catalogue, tmp_path / "run", split=path, seed=1)
    np.testing.assert_array_equal(Run(run.path).split.train, own.train[:9])
    assert run.config["split"] == str(path)
    ranked = np.argsort(-run.vectors.scores(np.array([0]))[0])
    sold = np.bincount(own.train[:9, 1], minlength=24)
    assert np.all(np.diff(sold[ranked]) <= 0)

    bpr = train("bprmf", tiny_catalogue, tmp_path / "bpr", split=path, seed=1)
    # Users who are not in the training part stay where the seed put them.
    keras.utils.set_random_seed(1)
    trained_users = np.unique(own.train[:9, 0])
    start = BPRMF(8, 24, latent_size=4).gamma_user
    moved = np.any(bpr.vectors.users != start, axis=1)
    np.testing.assert_array_equal(np.flatnonzero(moved), trained_users)

    # What becomes of the file afterwards changes no run.
    path.write_text("user,item,part\n")
    for each in (run, bpr):
        np.testing.assert_array_equal(Run(each.path).split.train, own.train[:9])
        np.testing.assert_array_equal(Run(each.path).split.validation, own.validation[:1])
    path.unlink()
    np.testing.assert_array_equal(Run(run.path).split.train, own.train[:9])


def test_a_split_without_validation_is_refused(tiny_catalogue, tmp_path):
    user, item = tiny_catalogue.interactions[0]
    row = {"user": tiny_catalogue.user_ids[user], "item": tiny_catalogue.item_ids[item]}
    pd.DataFrame([row | {"part": "train"}]).to_csv(tmp_path / "split.csv", index=False)
    with pytest.raises(InputError, match="valid"):
        train("bprmf", tiny_catalogue, tmp_path / "run", split=tmp_path / "split.csv")
    assert not (tmp_path / "run").exists()
    # Counting needs none.
    train("poprank", tiny_catalogue, tmp_path / "run", split=tmp_path / "split.csv")


def test_a_held_out_item_without_an_equal_rival_is_no_obstacle(tiny_catalogue, tmp_path):
    """Then there is no matched AUC: its item was sold once, all that the user lacks never."""
    users, ids = tiny_catalogue.user_ids, tiny_catalogue.item_ids
    rows = [(users[0], item, "train") for item in ids[1:20]]
    rows += [(users[1], item, "train") for item in ids[2:20]]
    rows += [(users[1], ids[1], "valid"), (users[1], ids[0], "test")]
    frame = pd.DataFrame(rows, columns=["user", "item", "part"])
    frame.to_csv(tmp_path / "split.csv", index=False)
    run = train("bprmf", tiny_catalogue, tmp_path / "run", split=tmp_path / "split.csv")
    history = pd.read_csv(run.path / "history.csv")
    assert len(history) == 2 and "val_auc_matched" not in history


def test_an_unknown_encoder_and_a_folder_in_use_are_refused(tiny_catalogue, tmp_path):
    with pytest.raises(InputError, match="--encoder resnet: there are compact, cnnf"):
        train("dvbpr", tiny_catalogue, tmp_path / "run", DVBPROptions(encoder="resnet"))
    small = DVBPROptions(encoder="cnnf", picture_size=32)
    with pytest.raises(InputError, match="--encoder cnnf.*--picture-size 224.*not 32"):
        train("dvbpr", tiny_catalogue, tmp_path / "run", small)
    assert not (tmp_path / "run").exists()
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(InputError, match="not empty"):
        train("random", tiny_catalogue, tmp_path)


def test_training_stops_when_the_validation_auc_does_not_rise(tiny_catalogue, tmp_path):
    # A rate of 0 changes nothing, so no epoch is better than the first.
    options = BPRMFOptions(epochs=50, batch_size=64, learning_rate=0.0, patience=3)
    run = train("bprmf", tiny_catalogue, tmp_path / "run", options)
    assert len(pd.read_csv(run.path / "history.csv")) == 4


RED, BLUE = (200, 40, 40), (40, 40, 200)
SOLD = 40
"""Items that were sold: red ones in even rows, blue ones in odd. Four more never were."""


@pytest.fixture(scope="module")
def two_tastes(tmp_path_factory):
    """24 users who buy 14 of the 20 red items, and 24 who buy 14 of the 20 blue ones.

    A scorer that knows the taste of every user, and nothing else, has an AUC of
    (20 + 4 / 2 + 6 / 2) / (24 + 6) = 0.83 or so on a user's held-out item.
    """
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("tastes") / "two"
    items = [f"{number:02d}" for number in range(SOLD + 4)]
    with CatalogueWriter(path, "two tastes") as writer:
        for number, item in enumerate(items):
            colour = np.array((RED, BLUE)[number % 2]) + rng.integers(-30, 30, (16, 16, 3))
            png = io.BytesIO()
            Image.fromarray(colour.clip(0, 255).astype(np.uint8)).save(png, "PNG")
            writer.add_item(item, "Tops", png.getvalue(), item)
        pairs = [
            (f"{taste}{number}", item)
            for number in range(24)
            for start, taste in enumerate(("red", "blue"))
            for item in rng.choice(items[start:SOLD:2], 14, replace=False)
        ]
        writer.add_interactions(pd.DataFrame(pairs, columns=["user", "item"]))
    return Catalogue.load(path)


def test_bprmf_learns_who_buys_what(two_tastes, tmp_path):
    options = BPRMFOptions(epochs=30, batch_size=64, learning_rate=0.02, latent_size=8)
    run = train("bprmf", two_tastes, tmp_path / "run", options)
    history = pd.read_csv(run.path / "history.csv")
    assert history["val_auc"].max() > 0.8
    assert history["loss"].iloc[-1] < 0.5 < history["loss"].iloc[0] < 0.75  # ln 2 at the start
    # What is kept is the best epoch, to the digit.
    best = _held_out_auc(run, run.split.validation)
    np.testing.assert_allclose(best, history["val_auc"].max(), atol=1e-6)


def test_dvbpr_learns_a_colour_and_sees_it_on_items_that_nobody_bought(two_tastes, tmp_path):
    options = DVBPROptions(
        epochs=6, batch_size=32, learning_rate=3e-3, picture_size=16, embedding_size=4
    )
    run = train("dvbpr", two_tastes, tmp_path / "run", options)
    assert _held_out_auc(run, run.split.test) > 0.8
    scores = run.vectors.scores(np.arange(48))
    loves_red = np.array([user.startswith("red") for user in two_tastes.user_ids])
    new_red, new_blue = scores[:, SOLD::2], scores[:, SOLD + 1 :: 2]
    assert np.mean(new_red[loves_red].min(axis=1) > new_blue[loves_red].max(axis=1)) > 0.9
    assert np.mean(new_red[~loves_red].max(axis=1) < new_blue[~loves_red].min(axis=1)) > 0.9


def _held_out_auc(run, held_out):
    """Mean over users of scikit-learn's AUC of one item against all the user never bought."""
    values = []
    bought = run.catalogue.interactions
    for user, item in held_out:
        own = bought[bought[:, 0] == user, 1]
        negatives = np.setdiff1d(np.arange(run.split.item_count), own)
        scores = run.vectors.scores(np.array([user]))[0]
        truth = [1] + [0] * len(negatives)
        values.append(roc_auc_score(truth, scores[[item, *negatives]]))
    return np.mean(values)
