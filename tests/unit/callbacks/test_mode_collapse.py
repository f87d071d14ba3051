from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest

from keras_fashion.callbacks import mode_collapse
from keras_fashion.callbacks.mode_collapse import ModeCollapseMonitor


class Fake:
    """What the callback needs of a GAN."""

    latent_dim = 5

    def __init__(self, generator, steps=1000):
        self.generator = generator
        self.discriminator_optimizer = SimpleNamespace(iterations=steps)

    def __call__(self, inputs, training):
        return self.generator(*inputs)


def spread(amounts):
    """A generator whose pictures of category c are gray, as far apart as `amounts[c]` says."""

    def draw(latents, categories):
        gray = latents[:, :1] * np.array(amounts)[categories][:, None]
        return np.broadcast_to(gray[:, :, None, None], (len(latents), 16, 16, 3))

    return draw


@pytest.fixture
def watch(tiny_catalogue):
    def watch(generator, steps=1000):
        made = ModeCollapseMonitor(tiny_catalogue, (16, 16), seed=3)
        made.set_model(Fake(generator, steps))
        made.on_train_begin()
        return made

    return watch


def run(watch, losses=((0.1, 0.4),) * 4, start=0):
    logged = []
    for epoch, (judge, generator) in enumerate(losses, start):
        logs = {"discriminator_loss": judge, "generator_loss": generator}
        watch.on_epoch_end(epoch, logs)
        logged.append(logs)
    return logged


def test_diversity_is_the_ratio_of_mean_distances(watch, tiny_catalogue):
    made = watch(spread([1.0, 0.5, 0.25]))
    found = made.diversity()
    pictures = tiny_catalogue.pictures((16, 16))
    latents = np.random.default_rng(3).uniform(-1, 1, (mode_collapse.NUM_LATENTS, 5))[:, 0]
    for category, amount in enumerate([1.0, 0.5, 0.25]):
        items = np.flatnonzero(tiny_catalogue.item_categories == category)
        real = [
            np.linalg.norm((pictures[[a]].astype(float) - pictures[[b]]) / 127.5)
            for a, b in combinations(items, 2)
        ]
        drawn = [abs(a - b) * amount * np.sqrt(16 * 16 * 3) for a, b in combinations(latents, 2)]
        expected = np.mean(drawn) / np.mean(real)
        assert found[tiny_catalogue.categories[category]] == pytest.approx(expected, rel=1e-4)
    (logs,) = run(made, [(0.1, 0.4)])
    assert logs["diversity"] == pytest.approx(np.mean(list(found.values())))


def test_real_pictures_themselves_have_a_diversity_of_one(watch, tiny_catalogue):
    def draw(latents, categories):
        items = np.flatnonzero(tiny_catalogue.item_categories == categories[0])
        return tiny_catalogue.pictures((16, 16))[items] / 127.5 - 1

    for ratio in watch(draw).diversity().values():
        assert ratio == pytest.approx(1.0)


def test_a_collapse_is_said_once_after_two_epochs(watch, capsys):
    made = watch(spread([1.0, 0.0, 1.0]))
    run(made, [(0.1, 0.4)])
    assert capsys.readouterr().err == ""
    run(made, [(0.1, 0.4)] * 3, start=1)
    said = capsys.readouterr().err
    assert said.count("warning") == 1
    assert "epoch 2: 1 of 3 categories have collapsed" in said
    assert "Shoes (0.00)" in said and "Bags" not in said
    assert "`learning_rate`" in said and "`batch_size`" in said and "`preset`" in said


def test_two_epochs_must_be_running(watch, capsys):
    made = watch(spread([0.0, 0.0, 0.0]))
    for epoch in range(3):
        made.set_model(Fake(spread([0.0] * 3)))
        run(made, [(0.1, 0.4)], start=2 * epoch)
        made.set_model(Fake(spread([1.0] * 3)))
        run(made, [(0.1, 0.4)], start=2 * epoch + 1)
    assert capsys.readouterr().err == ""


def test_a_young_generator_is_left_in_peace(watch, capsys):
    run(watch(spread([0.0] * 3), steps=100), [(0.0, 0.5)] * 4)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("losses", "won"),
    [
        ((0.001, 0.499), True),
        ((0.11, 0.43), False),  # of healthy trainings
        ((0.001, 0.1), False),
        ((np.nan, np.nan), False),
    ],
)
def test_a_discriminator_that_has_won(watch, capsys, losses, won):
    run(watch(spread([1.0] * 3)), [losses] * 4)
    said = capsys.readouterr().err
    assert said.count("the discriminator dominates") == won
    assert not won or "Its loss is 0.001 and the generator's 0.50" in said


def test_pictures_that_are_not_numbers_are_no_collapse(watch, capsys):
    logs = run(watch(spread([np.nan] * 3)))
    assert np.isnan(logs[-1]["diversity"]) and capsys.readouterr().err == ""


def test_categories_without_a_yardstick_are_left_out(tiny_catalogue):
    """Few pictures, or the same one everywhere."""
    same = np.zeros((24, 16, 16, 3), np.uint8)
    same[tiny_catalogue.item_categories == 0] = np.arange(8)[:, None, None, None] * 20
    catalogue = SimpleNamespace(
        categories=["a", "b", "c"],
        item_categories=np.where(np.arange(24) == 2, 1, tiny_catalogue.item_categories),
        pictures=lambda size: same,
    )
    made = ModeCollapseMonitor(catalogue, (16, 16))
    assert list(made.real) == [0]


def test_logs_may_be_missing(watch, capsys):
    for epoch in range(3):
        watch(spread([1.0] * 3)).on_epoch_end(epoch)
        watch(spread([1.0] * 3)).on_epoch_end(epoch, {})
    assert capsys.readouterr().err == ""
