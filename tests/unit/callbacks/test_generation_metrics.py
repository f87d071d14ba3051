from types import SimpleNamespace

import numpy as np
import pytest

from keras_fashion.callbacks import generation_metrics as module
from keras_fashion.callbacks.generation_metrics import GenerationMetrics
from keras_fashion.errors import InputError
from keras_fashion.evaluation import feature_scores
from keras_fashion.metrics import frechet_distance

NAMES = [
    "frechet_distance",
    "kernel_distance",
    "kernel_distance_deviation",
    "precision",
    "recall",
    "density",
    "coverage",
]


class FakeInception:
    """Computes the mean colors of a picture's quarters."""

    kind = "fid"

    def features(self, pictures):
        quarters = pictures.reshape(len(pictures), 2, 8, 2, 8, 3).mean(axis=(2, 4))
        return quarters.reshape(len(pictures), 12).astype(np.float32)


@pytest.fixture
def fake_inception(monkeypatch):
    """Replaces a network that takes a file of 90 MB and a second for each picture."""
    monkeypatch.setattr(module, "inception_features", lambda name: FakeInception())
    monkeypatch.setattr(
        module,
        "kept_inception_features",
        lambda catalogue, rows, size, network: network.features(catalogue.pictures(size)[rows]),
    )


def started(catalogue, generator, every=2, count=2000, inception="", last=5):
    scores = GenerationMetrics(catalogue, (16, 16), every, count, inception, seed=4, last=last)

    def draw(latents, categories):
        return np.rint(generator(latents, categories) * 127.5 + 127.5).astype(np.uint8)

    scores.set_model(SimpleNamespace(draw=draw, latent_dim=5))
    scores.on_train_begin()
    return scores


def real_pictures(catalogue):
    """Returns a perfect generator, which draws the real pictures in their order."""
    return lambda latents, categories: (
        catalogue.pictures((16, 16))[np.arange(24)].astype(np.float32) / 127.5 - 1
    )


def noise(latents, categories):
    return np.random.default_rng(0).uniform(-1, 1, (len(latents), 16, 16, 3)).astype(np.float32)


def black(latents, categories):
    return -np.ones((len(latents), 16, 16, 3), np.float32)


def test_scores_are_logged_when_due_and_nan_when_not(tiny_catalogue, fake_inception, capsys):
    scores = started(tiny_catalogue, noise, inception="weights.pt")
    for epoch in range(5):
        logs = {"generator_loss": 0.4}
        scores.on_epoch_end(epoch, logs)
        assert list(logs) == ["generator_loss", *NAMES]
        due = epoch + 1 in (2, 4, 5)
        assert all(np.isfinite(logs[name]) == due for name in NAMES)
    # Pictures that are decoded for the first time show their progress there too.
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("epoch ")]
    assert [line.split(":")[0] for line in lines] == ["epoch 2", "epoch 4", "epoch 5"]
    distance = logs["frechet_distance"]
    assert f"frechet_distance {distance:.4g}, kernel_distance" in lines[-1]


def test_logs_may_be_missing(tiny_catalogue, fake_inception, capsys):
    scores = started(tiny_catalogue, noise, inception="weights.pt")
    scores.on_epoch_end(0)
    scores.on_epoch_end(1, None)
    assert "epoch 2: frechet_distance" in capsys.readouterr().err


def test_a_perfect_generator_and_a_hopeless_one(tiny_catalogue, fake_inception):
    best = started(tiny_catalogue, real_pictures(tiny_catalogue), inception="x").scores()
    assert best["frechet_distance"] == pytest.approx(0, abs=0.5)  # rounding of pixels
    assert best["precision"] == best["recall"] == best["coverage"] == 1
    worst = started(tiny_catalogue, black, inception="x").scores()
    assert worst["frechet_distance"] > 1000
    assert worst["kernel_distance"] > best["kernel_distance"]
    assert worst["precision"] == worst["density"] == worst["coverage"] == 0


def test_the_frechet_distance_is_that_of_the_pictures(tiny_catalogue, fake_inception):
    found = started(tiny_catalogue, noise, inception="x").scores()["frechet_distance"]
    # The 24 pictures are a whole batch and no more.
    drawn = np.clip(np.round((noise(np.zeros(24), None) + 1) * 127.5), 0, 255).astype(np.uint8)
    see = FakeInception().features
    real = see(tiny_catalogue.pictures((16, 16))[np.arange(24)])
    assert found == pytest.approx(frechet_distance(real, see(drawn)), rel=0.02)


def test_all_scores_are_those_of_the_evaluation(tiny_catalogue, fake_inception):
    metrics = started(tiny_catalogue, noise, inception="x")
    pictures = metrics.model.draw(metrics.latents, metrics.categories)
    expected = feature_scores(metrics.real, FakeInception().features(pictures), "fid", seed=4)
    assert metrics.scores() == pytest.approx(expected)
    assert list(metrics.scores()) == NAMES


def test_codes_and_categories_are_the_same_at_each_scoring(tiny_catalogue, fake_inception):
    seen = []

    def draw(latents, categories):
        seen.append((latents, categories))
        return noise(latents, categories)

    scores = started(tiny_catalogue, draw, count=12, inception="x")
    scores.scores()
    scores.on_train_begin()
    scores.scores()
    assert len(seen) == 2 and seen[0][0].shape == (12, 5)
    for first, second in zip(*seen, strict=True):
        np.testing.assert_array_equal(first, second)
    assert np.abs(seen[0][0]).max() <= 1


def test_categories_are_in_the_catalogues_proportions(tiny_catalogue, fake_inception):
    scores = started(tiny_catalogue, noise, inception="x")
    assert np.bincount(scores.categories).tolist() == [8, 8, 8]


def test_without_an_inception_the_classifier_sees(tiny_catalogue):
    scores = started(tiny_catalogue, real_pictures(tiny_catalogue)).scores()
    assert list(scores) == [f"category_{name}" for name in [*NAMES, "accuracy"]]
    assert scores["category_frechet_distance"] == pytest.approx(0, abs=1e-3)
    assert 0 <= scores["category_accuracy"] <= 1
    other = started(tiny_catalogue, black).scores()
    assert other["category_frechet_distance"] > 1
    # All pictures are the same, so that one of three categories is right.
    assert other["category_accuracy"] == pytest.approx(1 / 3)


def test_what_cannot_be_scored_is_refused(tiny_catalogue):
    with pytest.raises(InputError, match="6 pictures, and there are 5.*`metrics_every`"):
        started(tiny_catalogue, noise, count=5)
    one = SimpleNamespace(
        name="hats", categories=["Hats"], item_ids=range(9), item_categories=np.zeros(9, int)
    )
    with pytest.raises(InputError, match="hats has one category.*`inception`"):
        started(one, noise)
