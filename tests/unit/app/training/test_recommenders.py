import io
import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from PIL import Image
from sklearn.metrics import roc_auc_score
from tiny_backbone import TINY_BACKBONE

from keras_fashion.app.run import Run
from keras_fashion.app.training import train_recommender
from keras_fashion.app.training.options import FitOptions, GANOptions, recommender_options
from keras_fashion.app.training.recommenders import make_recommender
from keras_fashion.callbacks import validation_auc
from keras_fashion.callbacks.validation_auc import ValidationAUC
from keras_fashion.data import Catalogue, Split, leave_one_out, prepare
from keras_fashion.data.pictures import scale
from keras_fashion.data.sources.in_memory import InMemory
from keras_fashion.errors import InputError
from keras_fashion.evaluation.ranking import rank_held_out
from keras_fashion.losses import BPR, Logistic, SampledSoftmax
from keras_fashion.losses import WARP as WARPLoss
from keras_fashion.models import (
    BPRMF,
    RECOMMENDERS,
    WARP,
    NearestItemScores,
    Recommender,
    recommender_class,
)
from keras_fashion.models.backbones import BACKBONES
from keras_fashion.optimizers import LazyAdam

SHORT = {"epochs": 2, "batch_size": 16}


class Seen(Exception):
    """That is enough."""


SMALL = {
    "biasedmf": SHORT | {"latent_size": 4},
    "bprmf": SHORT | {"latent_size": 4},
    "warp": SHORT | {"latent_size": 4, "negatives": 8},
    "als": {"latent_size": 4},
    "visrankmax": {"whitening": 0.25, "components": 9},
    "fm": SHORT | {"latent_size": 4},
    "vbpr": SHORT | {"latent_size": 4, "embedding_size": 4, "negatives": 8},
    "deepstyle": SHORT | {"embedding_size": 4, "history": 4},
    "amr": SHORT | {"latent_size": 4, "embedding_size": 4, "negatives": 8},
    "dvbpr": {
        **{"epochs": 3, "batch_size": 8, "picture_size": 16, "embedding_size": 4},
        **{"history": 4, "negatives": 8, "patience": 2},
    },
}
# Those of `test_temporal_training` need times.
TEMPORAL = ("recentpop", "decayedpop", "recentcategorypop")
MODELS = {
    name: recommender_options(name, **SMALL.get(name, {}))
    for name in RECOMMENDERS
    if name not in TEMPORAL
}
every_model = pytest.mark.parametrize("name", MODELS)


def train(name, catalogue, out, options=None, **kwargs):
    return train_recommender(catalogue, out, options or MODELS[name], **kwargs)


@pytest.fixture(scope="module")
def trained(tiny_catalogue, made_once):
    """A run of every model, all with seed 1."""

    def make(folder):
        for name in MODELS:
            train(name, tiny_catalogue, folder / name, seed=1)

    folder = made_once("every_recommender", make)
    return {name: Run(folder / name) for name in MODELS}


@every_model
def test_a_run_holds_all_that_is_needed_later(trained, tiny_catalogue, name):
    run = trained[name]
    assert run.config["model"] == name
    assert run.config["seed"] == 1
    assert run.config["fingerprint"] == tiny_catalogue.fingerprint
    assert run.metrics["training_seconds"] >= 0
    assert run.metrics["interrupted"] is False
    assert run.config["options"] == json.loads(json.dumps(asdict(MODELS[name])))
    scores = run.vectors.scores(np.arange(8))
    assert scores.shape == (8, 24) and np.isfinite(scores).all() and len(np.unique(scores)) >= 3
    assert not [path for path in run.path.rglob(".*")], "nothing half-written is left"
    if isinstance(MODELS[name], FitOptions):
        history = pd.read_csv(run.path / "history.csv")
        assert len(history) == MODELS[name].epochs
        assert history["val_auc"].between(0, 1).all() and history["loss"].notna().all()


@pytest.mark.parametrize("name", ["random", "warp"])
def test_the_seed_decides_everything(trained, tiny_catalogue, tmp_path, name):
    again = train(name, tiny_catalogue, tmp_path / "again", seed=1).vectors
    other = train(name, tiny_catalogue, tmp_path / "other", seed=2).vectors
    assert type(again) is type(trained[name].vectors)
    for first, second in zip(trained[name].vectors, again, strict=True):
        np.testing.assert_array_equal(first, second)
    users = np.arange(8)
    assert not np.allclose(other.scores(users), again.scores(users), atol=1e-4)


def test_a_dvbpr_that_is_stopped_ends_where_one_that_never_stopped_ends(
    trained, tiny_catalogue, stopped_at, assert_alike
):
    """The masks of its dropout and its patience are kept, too."""
    run, last = stopped_at(lambda out: train("dvbpr", tiny_catalogue, out, seed=1), [9])
    assert last == "epoch-1-step-4"
    assert_alike(run, trained["dvbpr"])
    # Without them a mask would be drawn again, and the comparison could not hold.
    seeds = [each for each in run.model.variables if "seed_generator" in each.path]
    assert seeds and tf.rank(seeds[0].value) == 1


def test_poprank_counts_the_training_part_only(trained):
    run = trained["poprank"]
    counts = np.zeros(24)
    for _, item in run.split.train:
        counts[item] += 1
    scores = run.vectors.scores(np.arange(8))
    for row in scores:
        for first in range(24):
            assert np.all((row[first] > row) == (counts[first] > counts))


def test_category_popularity_and_frequency_count_the_training_part_only(trained, tiny_catalogue):
    run = trained["categoryfreq"]
    category = tiny_catalogue.item_categories
    sold = np.bincount(category[run.split.train[:, 1]], minlength=3)
    popularity = trained["categorypop"].vectors.scores(np.arange(8))
    np.testing.assert_array_equal(popularity, np.tile(sold[category], (8, 1)))
    scores = run.vectors.scores(np.arange(8))
    for user in np.unique(run.split.train[:, 0]):
        own = np.bincount(category[run.split.items_of(user)], minlength=3)
        expected = np.log(own / own.sum() + 0.001 * sold / sold.sum())[category]
        np.testing.assert_allclose(scores[user], expected, rtol=1e-5)


def test_visrank_max_keeps_what_users_bought(trained):
    vectors = Run(trained["visrankmax"].path).vectors
    assert isinstance(vectors, NearestItemScores)
    assert vectors.items.shape == (24, 9)
    split = trained["visrankmax"].split
    for user in range(8):
        bought = vectors.bought[vectors.starts[user] : vectors.starts[user + 1]]
        assert sorted(bought) == sorted(split.items_of(user))
        # What was bought is its own nearest item.
        np.testing.assert_allclose(vectors.scores(np.array([user]))[0, bought], 1, atol=1e-5)


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """16 items of two categories with two attributes, and 8 users with 6 items each."""
    rng = np.random.default_rng(3)
    path = tmp_path_factory.mktemp("described") / "shop"
    png = io.BytesIO()
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(png, "PNG")
    items = [f"{number:02d}" for number in range(16)]
    columns = {
        "item": items,
        "category": ["Tops", "Bags"] * 8,
        "picture": [png.getvalue()] * 16,
        "color": ["red", "blue", "gray", ""] * 4,
        "fabric": ["wool"] * 8 + ["silk"] * 8,
    }
    pairs = [(f"u{user}", item) for user in range(8) for item in rng.permutation(items)[:6]]
    bought = pd.DataFrame(pairs, columns=["user", "item"])
    prepare(InMemory(pd.DataFrame(columns), bought), path)
    return Catalogue.load(path)


def test_dvbpr_learns_attributes(described, tmp_path):
    sizes = {"picture_size": 16, "embedding_size": 3}
    options = recommender_options("dvbpr", **SHORT, **sizes, attribute_weight=0.5, hidden_size=4)
    model = train_recommender(described, tmp_path / "run", options).model
    assert model.encoder.hidden_size == 4
    # Colors have four items each, too few to be learned.
    expected = np.stack([described.item_categories, described.attributes["fabric"].codes], axis=1)
    np.testing.assert_array_equal(model.attribute_heads.values, expected)
    assert model.attribute_weight == 0.5

    # Those of held-out items can be withheld.
    train = described.interactions[2:]
    split = Split(8, 16, train, validation=np.array([[0, 7]]), test=np.array([[1, 9], [2, 7]]))
    options = recommender_options("dvbpr", **sizes, attribute_weight=1.0, withhold_attributes=True)
    heads = make_recommender(options, described, split, seed=0).attribute_heads
    expected[[7, 9]] = -1
    np.testing.assert_array_equal(heads.values, expected)
    nothing = recommender_options("dvbpr", **sizes, withhold_attributes=True)
    with pytest.raises(InputError, match="`withhold_attributes`.*`attribute_weight`, which is 0"):
        make_recommender(nothing, described, split, seed=0)


def test_columns_are_taken_by_name(described, tmp_path):
    chosen = recommender_options("categoryfreq", columns=("fabric", "category"))
    run = train_recommender(described, tmp_path / "freq", chosen)
    scores = run.vectors.scores(np.arange(8))
    train = run.split.train
    columns = [described.attributes["fabric"].codes, described.item_categories]
    for user in range(8):
        bought = run.split.items_of(user)
        expected = np.zeros(16)
        for column in columns:
            own = np.array([np.mean(column[bought] == value) for value in column])
            sold = np.array([np.mean(column[train[:, 1]] == value) for value in column])
            expected += np.log(own + 0.001 * sold)
        np.testing.assert_allclose(scores[user], expected, rtol=1e-5)

    popular = train_recommender(
        described, tmp_path / "pop", recommender_options("categorypop", column="color")
    )
    color = described.attributes["color"].codes
    sold = np.bincount(color[train[:, 1]], minlength=4)
    assert popular.vectors.scores(np.array([0]))[0].tolist() == sold[color].tolist()


def test_fm_takes_every_column(described):
    parts = leave_one_out(described, seed=0)
    model = make_recommender(recommender_options("fm", latent_size=2), described, parts, 0)
    values = model.values.numpy()
    columns = [described.item_categories, *(each.codes for each in described.attributes.values())]
    np.testing.assert_array_equal(values, np.stack(columns, axis=1) + np.array([0, 2, 6]))
    assert model.num_values == 2 + 4 + 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            recommender_options("categorypop", column="size"),
            "no column 'size'; it has category, color",
        ),
        (recommender_options("categoryfreq", columns=("color", "size")), "attribute_columns"),
        (recommender_options("categoryfreq", columns=()), "at least one"),
        (recommender_options("categoryfreq", columns=("color", "color")), "each once"),
        (recommender_options("visrank", features=("nonsense",)), "nonsense"),
    ],
)
def test_what_the_catalogue_has_not_is_refused_and_leaves_no_folder(
    described, tmp_path, options, message
):
    with pytest.raises(InputError, match=message):
        train_recommender(described, tmp_path / "run", options)
    assert not (tmp_path / "run").exists()


def test_options_of_something_else_are_refused(tiny_catalogue, tmp_path):
    with pytest.raises(TypeError, match="GANOptions"):
        train_recommender(tiny_catalogue, tmp_path / "run", GANOptions())


def test_whitening_reduces_the_features(described):
    plain, white = (
        make_recommender(options, described, leave_one_out(described, seed=0), 0).features.numpy()
        for options in (
            recommender_options("visrank", features=("attributes",)),
            recommender_options("visrank", features=("attributes",), whitening=0.5, components=3),
        )
    )
    assert white.shape == (16, 3) and plain.shape == (16, 2 + 4 + 2)
    np.testing.assert_allclose(np.linalg.norm(white, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("negatives", [0, 6])
def test_the_optimizer_and_the_negatives_are_those_of_the_options(
    tiny_catalogue, tmp_path, monkeypatch, negatives
):
    def train_step(self, data):
        raise Seen(data["negative"].shape[0], "mask" in data, self.optimizer)

    monkeypatch.setattr(WARP, "train_step", train_step)
    options = recommender_options("warp", **SHORT, learning_rate=0.25, negatives=negatives)
    with pytest.raises(Seen) as seen:
        train_recommender(tiny_catalogue, tmp_path / "run", options)
    count, counted, optimizer = seen.value.args
    assert (count, counted) == ((6, True) if negatives else (16, False))
    assert type(optimizer) is LazyAdam
    schedule = optimizer._learning_rate
    # 36 interactions make 2 x 3 steps, over which the rate falls to 0.
    assert float(schedule(0)) == 0.25 and float(schedule(6)) == pytest.approx(0, abs=1e-6)
    assert float(schedule(3)) == pytest.approx(0.125)


@pytest.mark.parametrize(
    ("model", "chosen", "expected"),
    [
        ("bprmf", {}, BPR),
        ("biasedmf", {}, Logistic),
        ("warp", {}, WARPLoss),
        ("bprmf", {"loss": "softmax"}, SampledSoftmax),
        ("warp", {"loss": "logistic"}, Logistic),
    ],
)
def test_the_loss_is_that_of_the_model_or_of_the_options(
    tmp_path, tiny_catalogue, monkeypatch, model, chosen, expected
):
    def train_step(self, data):
        raise Seen(type(self.ranking_loss))

    monkeypatch.setattr(Recommender, "train_step", train_step)
    options = recommender_options(model, **SHORT, negatives=8, **chosen)
    with pytest.raises(Seen) as seen:
        train_recommender(tiny_catalogue, tmp_path / "run", options)
    assert seen.value.args == (expected,)
    # Without options, in Python, it is the loss of the model.
    if not chosen:
        assert type(recommender_class(model)(2, 3).ranking_loss) is expected


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
    trained_users = np.unique(own.train[:9, 0])
    start = BPRMF(8, 24, latent_size=4, seed=1).gamma_user
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

    by_matched = recommender_options("bprmf", **SHORT, monitor="auc_matched")
    with pytest.raises(InputError, match="--monitor auc_matched.*--monitor auc"):
        train_recommender(
            tiny_catalogue, tmp_path / "other", by_matched, split=tmp_path / "split.csv"
        )
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(("monitor", "best", "epochs"), [("auc", 0, 2), ("auc_matched", 1, 3)])
def test_the_monitor_decides_which_epoch_is_kept_and_when_to_stop(
    tiny_catalogue, tmp_path, monkeypatch, monitor, best, epochs
):
    ends = []

    def on_epoch_end(self, epoch, logs):
        ends.append(self.model.gamma_user.numpy())
        logs["val_auc"] = [0.9, 0.5, 0.6, 0.7][epoch]
        logs["val_auc_matched"] = [0.5, 0.9, 0.6, 0.7][epoch]

    monkeypatch.setattr(ValidationAUC, "on_epoch_end", on_epoch_end)
    options = recommender_options("bprmf", epochs=4, batch_size=16, patience=1, monitor=monitor)
    run = train_recommender(tiny_catalogue, tmp_path / "run", options)
    assert len(ends) == epochs
    np.testing.assert_array_equal(run.vectors.users, ends[best])


def test_an_unknown_encoder_and_a_folder_in_use_are_refused(tiny_catalogue, tmp_path):
    with pytest.raises(
        InputError, match="`encoder` 'resnet': there are compact, cnnf, efficientnet-lite0"
    ):
        train(
            "dvbpr",
            tiny_catalogue,
            tmp_path / "run",
            recommender_options("dvbpr", encoder="resnet"),
        )
    hidden = recommender_options("dvbpr", encoder="cnnf", picture_size=224, hidden_size=8)
    with pytest.raises(InputError, match="`encoder` cnnf has hidden layers.*`hidden_size` of 0"):
        train("dvbpr", tiny_catalogue, tmp_path / "run", hidden)
    for encoder, match in (
        ("cnnf", "`encoder` cnnf.*`picture_size` of 224.*not 32"),
        ("efficientnet-lite0", "`encoder` efficientnet-lite0.*`picture_size` of 64.*not 32"),
    ):
        small = recommender_options("dvbpr", encoder=encoder, picture_size=32)
        with pytest.raises(InputError, match=match):
            train("dvbpr", tiny_catalogue, tmp_path / "run", small)
    assert not (tmp_path / "run").exists()
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(InputError, match="not empty"):
        train("random", tiny_catalogue, tmp_path)


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
    pictures = []
    for number in range(len(items)):
        color = np.array((RED, BLUE)[number % 2]) + rng.integers(-30, 30, (16, 16, 3))
        png = io.BytesIO()
        Image.fromarray(color.clip(0, 255).astype(np.uint8)).save(png, "PNG")
        pictures.append(png.getvalue())
    pairs = [
        (f"{taste}{number}", item)
        for number in range(24)
        for start, taste in enumerate(("red", "blue"))
        for item in rng.choice(items[start:SOLD:2], 14, replace=False)
    ]
    listed = pd.DataFrame({"item": items, "category": "Tops", "picture": pictures})
    bought = pd.DataFrame(pairs, columns=["user", "item"])
    prepare(InMemory(listed, bought), path, name="two tastes")
    return Catalogue.load(path)


def test_bprmf_learns_who_buys_what(two_tastes, tmp_path):
    options = recommender_options(
        "bprmf", epochs=30, batch_size=64, learning_rate=0.02, latent_size=8
    )
    run = train("bprmf", two_tastes, tmp_path / "run", options)
    history = pd.read_csv(run.path / "history.csv")
    assert history["val_auc"].max() > 0.8
    assert history["loss"].iloc[-1] < 0.5 < history["loss"].iloc[0] < 0.75  # ln 2 at the start
    # What is kept is the best epoch, to the digit.
    best = _held_out_auc(run, run.split.validation)
    np.testing.assert_allclose(best, history["val_auc"].max(), atol=1e-6)


def test_dvbpr_learns_a_color_and_sees_it_on_items_that_nobody_bought(two_tastes, tmp_path):
    options = recommender_options(
        "dvbpr", epochs=6, batch_size=32, learning_rate=3e-3, picture_size=16, embedding_size=4
    )
    run = train("dvbpr", two_tastes, tmp_path / "run", options)
    assert _held_out_auc(run, run.split.test) > 0.8
    scores = run.vectors.scores(np.arange(48))
    loves_red = np.array([user.startswith("red") for user in two_tastes.user_ids])
    new_red, new_blue = scores[:, SOLD::2], scores[:, SOLD + 1 :: 2]
    assert np.mean(new_red[loves_red].min(axis=1) > new_blue[loves_red].max(axis=1)) > 0.9
    assert np.mean(new_red[~loves_red].max(axis=1) < new_blue[~loves_red].min(axis=1)) > 0.9


def test_a_pretrained_network_runs_once_and_its_head_learns_a_color(
    two_tastes, tmp_path, monkeypatch
):
    monkeypatch.setitem(BACKBONES, "efficientnet-lite0", TINY_BACKBONE)
    tiny = {"encoder": "efficientnet-lite0", "picture_size": 64, "embedding_size": 4}
    options = recommender_options(
        "dvbpr", epochs=4, batch_size=32, learning_rate=3e-3, history=8, negatives=32, **tiny
    )
    # Before the training, what is remembered of the items is what the encoder makes of them.
    untrained = make_recommender(options, two_tastes, leave_one_out(two_tastes, seed=0), seed=0)
    (path,) = two_tastes.derived.glob("averages_*")
    averages = np.load(path)
    embeddings = untrained.encoder(averages.astype(np.float32)).numpy()
    assert np.ptp(embeddings, axis=0).min() > 0.1
    np.testing.assert_allclose(untrained.item_embeddings, embeddings, atol=1e-5)
    np.testing.assert_allclose(untrained.embedding_mean, embeddings.mean(axis=0), atol=1e-5)

    pictures = scale(two_tastes.pictures_of(range(len(averages)), (64, 64)))
    monkeypatch.setattr(Catalogue, "pictures", lambda *_: pytest.fail("pictures were used"))
    run = train("dvbpr", two_tastes, tmp_path / "run", options)
    assert _held_out_auc(run, run.split.test) > 0.8
    encoder = Run(run.path).model.encoder
    np.testing.assert_allclose(run.vectors.items, encoder(pictures), atol=0.05)
    assert np.abs(run.vectors.items - embeddings).max() > 0.1
    # What the head knows of the averages has not changed.
    np.testing.assert_array_equal(encoder.projection, untrained.encoder.projection)


def _held_out_auc(run, held_out):
    """Mean over users of scikit-learn's AUC of one item against all the user never bought."""
    values = []
    bought = run.catalogue.interactions
    for user, item in held_out:
        own = bought[bought[:, 0] == user, 1]
        negatives = np.setdiff1d(np.arange(run.split.num_items), own)
        scores = run.vectors.scores(np.array([user]))[0]
        truth = [1] + [0] * len(negatives)
        values.append(roc_auc_score(truth, scores[[item, *negatives]]))
    return np.mean(values)


def test_a_training_that_diverges_keeps_its_best_epoch(tiny_catalogue, tmp_path, monkeypatch):
    epochs = []

    def nan_in_the_second(vectors, *rest, **more):
        epochs.append(None)
        if len(epochs) > 1:
            vectors = vectors._replace(items=np.full_like(vectors.items, np.nan))
        return rank_held_out(vectors, *rest, **more)

    monkeypatch.setattr(validation_auc, "rank_held_out", nan_in_the_second)
    with pytest.raises(
        InputError, match="run has diverged in epoch 2.*that of the last good epoch"
    ):
        train_recommender(tiny_catalogue, tmp_path / "run", recommender_options("bprmf", epochs=4))
    assert len(epochs) == 2
    run = Run(tmp_path / "run")
    assert "diverged in epoch 2" in run.metrics["failed"]
    assert np.isfinite(run.vectors.scores(np.arange(3))).all()
    assert "training_seconds" in run.metrics


def test_users_who_have_everything_leave_nothing_to_rank(tiny_catalogue, tmp_path):
    user, items = tiny_catalogue.user_ids[0], tiny_catalogue.item_ids
    parts = ["valid", "test"] + ["train"] * (len(items) - 2)
    rows = [f"{user},{item},{part}" for item, part in zip(items, parts, strict=True)]
    split = tmp_path / "split.csv"
    split.write_text("\n".join(["user,item,part", *rows]) + "\n")
    with pytest.raises(InputError, match="nothing to rank"):
        train_recommender(tiny_catalogue, tmp_path / "run", recommender_options("bprmf"), split)
    assert not (tmp_path / "run").exists()
