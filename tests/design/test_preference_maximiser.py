from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_fashion.catalogue import decode_picture, scale
from keras_fashion.design import PreferenceMaximiser
from keras_fashion.errors import InputError


@pytest.fixture(scope="module")
def maximiser(recommender, gan):
    return PreferenceMaximiser(recommender, gan, restarts=8, steps=15)


def bare(recommender, gan, codes, theta, category, eta):
    """The objective from the bare networks, one code at a time."""
    objective, preference, realism, pictures = [], [], [], []
    for code in codes:
        picture = gan.generator([code[None], np.array([category])]).numpy()
        real = gan.discriminator([picture, np.array([category])]).numpy().item()
        size = recommender.encoder.picture_size
        seen = [
            np.asarray(Image.fromarray(channel, "F").resize(size[::-1], Image.BILINEAR))
            for channel in np.moveaxis(picture[0], -1, 0)
        ]
        liked = float(theta @ recommender.encoder(np.stack(seen, -1)[None]).numpy()[0])
        objective.append(liked - eta * (real - 1) ** 2)
        preference.append(liked)
        realism.append(real)
        pictures.append(np.clip(np.round((picture[0] + 1) * 127.5), 0, 255))
    return np.array(objective), np.array(preference), np.array(realism), np.array(pictures)


@pytest.mark.parametrize("encoder_size", [16, 32])
def test_terms_are_those_of_the_bare_networks(make_recommender, gan, encoder_size):
    recommender = make_recommender(encoder_size)
    maximiser = PreferenceMaximiser(recommender, gan)
    codes = np.random.default_rng(0).uniform(-1, 1, (3, 4)).astype(np.float32)
    thetas = recommender.theta.numpy()[[0, 3, 1]]
    pictures, preference, realism = maximiser.terms(
        tf.constant(codes), thetas, tf.constant([0, 2, 1])
    )
    assert len(set(np.round(preference.numpy(), 6))) == 3
    for row, category in enumerate([0, 2, 1]):
        _, liked, real, _ = bare(
            recommender, gan, codes[row : row + 1], thetas[row], category, eta=0
        )
        np.testing.assert_allclose(preference[row], liked[0], rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(realism[row], real[0], rtol=1e-4, atol=1e-6)
    assert pictures.shape == (3, 16, 16, 3)


def test_preference_is_that_of_the_picture_as_a_catalogue_would_read_it(make_recommender, make_gan):
    """A design of 64 pixels, filed and read at the encoder's 32, is liked as much as was said."""
    recommender = make_recommender(32)
    maximiser = PreferenceMaximiser(recommender, make_gan(64), restarts=6, steps=4)
    designs = maximiser.design([2], category=1, count=6, seed=3)
    theta = recommender.theta.numpy()[2]

    def liked(pictures):
        return recommender.encoder(scale(tf.stack(pictures))).numpy() @ theta

    files = [tf.io.encode_png(picture) for picture in designs.pictures[0]]
    read = liked([decode_picture(file, (32, 32)) for file in files])
    # The pixels of the file, and those at 32, are whole levels.
    tolerance = 0.3
    np.testing.assert_allclose(designs.preference[0], read, atol=tolerance)
    # Which tells the filter of the catalogue from plain bilinear resizing.
    plain = liked(tf.image.resize(designs.pictures[0], (32, 32)))
    assert np.median(np.abs(plain - read)) > 3 * tolerance
    assert np.ptp(read) > 3 * tolerance


@pytest.mark.parametrize("eta", [0.0, 2.0])
def test_designs_beat_the_best_of_their_own_starts(maximiser, recommender, gan, eta):
    theta = recommender.theta.numpy()[2]
    designs = maximiser.design([2], category=1, count=3, eta=eta, seed=4)
    assert designs.pictures.shape == (1, 3, 16, 16, 3) and designs.pictures.dtype == np.uint8
    assert designs.codes.shape == (1, 3, 4)
    assert designs.path.shape == (16, 1, 3, 4)

    value, preference, realism, pictures = bare(recommender, gan, designs.codes[0], theta, 1, eta)
    np.testing.assert_allclose(designs.preference[0], preference, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(designs.realism[0], realism, rtol=1e-3, atol=1e-5)
    assert np.abs(designs.pictures[0] - pictures).max() <= 1
    assert np.all(np.diff(value) <= 1e-6), "the best first"

    starts = maximiser.prior(8, 4).numpy()
    at_start, *_ = bare(recommender, gan, starts, theta, 1, eta)
    assert value[0] > at_start.max()
    # Each kept restart began at one of the starts, and is better than where it began.
    for number in range(3):
        begun = np.abs(starts - designs.path[0, 0, number]).max(axis=1)
        assert begun.min() < 1e-3
        assert value[number] > at_start[begun.argmin()]
        # What is kept is the best code of its path.
        along, *_ = bare(recommender, gan, designs.path[:, 0, number], theta, 1, eta)
        np.testing.assert_allclose(value[number], along.max(), rtol=1e-3, atol=1e-5)


def test_the_category_and_the_user_matter(maximiser):
    first = maximiser.design([0], category=0, seed=1)
    assert not np.array_equal(first.codes, maximiser.design([0], category=2, seed=1).codes)
    assert not np.array_equal(first.codes, maximiser.design([1], category=0, seed=1).codes)


def test_seed_decides(maximiser):
    first = maximiser.design([0], category=0, seed=1)
    again = maximiser.design([0], category=0, seed=1)
    other = maximiser.design([0], category=0, seed=2)
    np.testing.assert_array_equal(first.codes, again.codes)
    np.testing.assert_array_equal(first.pictures, again.pictures)
    assert np.abs(first.codes - other.codes).max() > 0.1


def test_a_group_is_its_mean_taste(maximiser, recommender):
    group = maximiser.design([0, 3, 1], category=2, count=2, eta=0.5, seed=9)
    mean = recommender.theta.numpy()[[0, 3, 1]].mean(axis=0, keepdims=True)
    alone = maximiser.design_for(mean, [2], 2, [0.5], seed=9)
    np.testing.assert_allclose(group.codes, alone.codes, atol=1e-4)
    np.testing.assert_allclose(group.preference, alone.preference, rtol=1e-3, atol=1e-5)
    # As the score is linear, the group's preference is the mean of its members'.
    each = [
        bare(recommender, maximiser.gan, group.codes[0], theta, 2, 0)[1]
        for theta in recommender.theta.numpy()[[0, 3, 1]]
    ]
    np.testing.assert_allclose(group.preference[0], np.mean(each, axis=0), rtol=1e-3, atol=1e-5)


def test_many_tastes_at_once_equal_one_at_a_time(recommender, gan):
    # 100 restarts: two tastes a block, so five tastes take three blocks, the last half full.
    maximiser = PreferenceMaximiser(recommender, gan, restarts=100, steps=4)
    tastes = np.random.default_rng(8).normal(0, 3, (5, 5)).astype(np.float32)
    categories, etas = [0, 1, 2, 0, 1], [0.0, 1.0, 3.0, 0.3, 10.0]
    together = maximiser.design_for(tastes, categories, 2, etas, seed=6)
    assert together.pictures.shape == (5, 2, 16, 16, 3)
    assert together.path.shape == (5, 5, 2, 4)
    for row in range(5):
        alone = maximiser.design_for(tastes[row : row + 1], [categories[row]], 2, [etas[row]], 6)
        np.testing.assert_allclose(together.codes[row], alone.codes[0], atol=1e-3)
        np.testing.assert_allclose(together.path[:, row], alone.path[:, 0], atol=1e-3)
        np.testing.assert_allclose(together.preference[row], alone.preference[0], rtol=1e-2)
        np.testing.assert_allclose(together.realism[row], alone.realism[0], rtol=1e-2)


def test_more_designs_than_restarts_is_refused(maximiser):
    with pytest.raises(InputError, match="9 designs .* 8"):
        maximiser.design([0], category=0, count=9)
    assert maximiser.design([0], category=0, count=8).codes.shape == (1, 8, 4)


def test_prior_is_uniform(maximiser):
    codes = maximiser.prior(5000, 3).numpy()
    assert codes.shape == (5000, 4)
    assert codes.min() > -1.0001 and codes.max() < 1
    np.testing.assert_allclose(codes.mean(), 0, atol=0.02)
    np.testing.assert_allclose(codes.var(), 1 / 3, atol=0.01)


class FirstChannel:
    """Phi of a picture of one pixel."""

    picture_size = (1, 1)

    def __call__(self, pictures, training):
        return pictures[:, 0, 0, :1]


@pytest.fixture(scope="module")
def line():
    """G(z) = z as a picture of one pixel, Phi its first channel, D its negative.

    The objective is z - eta (-z - 1)², with its maximum at z = 1 / (2 eta) - 1 for eta > 1/4.
    """
    gan = SimpleNamespace(
        generator=lambda inputs, training: tf.repeat(inputs[0], 3, axis=1)[:, None, None],
        discriminator=lambda inputs, training: -inputs[0][:, 0, 0, :1],
        code_size=1,
        picture_size=(1, 1),
    )
    recommender = SimpleNamespace(encoder=FirstChannel())
    return PreferenceMaximiser(recommender, gan, restarts=4, steps=300, learning_rate=0.05)


def test_the_optimum_is_where_the_hand_worked_objective_has_it(line):
    etas = [0.3, 0.5, 1.0, 5.0]
    designs = line.design_for(np.ones((4, 1)), [0] * 4, 1, etas, seed=0)
    expected = 1 / (2 * np.array(etas)) - 1
    np.testing.assert_allclose(designs.codes[:, 0, 0], expected, atol=2e-3)
    np.testing.assert_allclose(designs.preference[:, 0], expected, atol=2e-3)
    np.testing.assert_allclose(designs.realism[:, 0], -expected, atol=2e-3)


def test_eta_trades_preference_for_realism(line):
    designs = line.design_for(np.ones((3, 1)), [0] * 3, 1, [0.0, 1.0, 10.0], seed=0)
    distance = np.abs(designs.realism[:, 0] - 1)
    assert distance[0] > distance[1] + 0.1 > distance[2] + 0.2
    assert np.all(np.diff(designs.preference[:, 0]) < -0.1)
    assert designs.preference[0, 0] > 0.99  # with no price on realism, to the edge
