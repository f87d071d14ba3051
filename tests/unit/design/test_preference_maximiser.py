"""Tests of preference maximisation, against the bare networks and hand-worked objectives."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy.optimize import minimize_scalar
from scipy.special import erf, erfinv, softmax
from traced_maximiser import traced, under

from keras_fashion.data import decode_picture, scale, unscale
from keras_fashion.design import (
    PROCEDURES,
    LeastMisery,
    PreferenceMaximiser,
    SoftMin,
    preference_maximizer,
)
from keras_fashion.design.diversity import ALIKE, looks
from keras_fashion.design.latent_search import to_normal
from keras_fashion.design.objective import MEAN, TEMPERATURE
from keras_fashion.design.preference_maximizer import CANDIDATES, SAMPLE
from keras_fashion.errors import InputError


def bare(recommender, gan, codes, category):
    """Styles, realism and pictures from the bare networks, the resizing by Pillow."""
    codes = np.asarray(codes, np.float32)
    codes = codes.reshape(-1, codes.shape[-1])
    category = np.full(len(codes), category)
    pictures = gan.generator([codes, category]).numpy()
    realism = gan.discriminator([pictures, category]).numpy()[:, 0]
    size = recommender.encoder.picture_size
    seen = [
        [
            np.asarray(Image.fromarray(channel, "F").resize(size[::-1], Image.BILINEAR))
            for channel in np.moveaxis(picture, -1, 0)
        ]
        for picture in pictures
    ]
    styles = recommender.encoder(np.moveaxis(seen, 1, -1)).numpy()
    return styles, realism, np.clip(np.round((pictures + 1) * 127.5), 0, 255)


def by_hand(maximiser, codes, theta, category, eta):
    """The objective of one person at codes: their shape, (..., Z), to (...)."""
    networks, procedure = (maximiser.recommender, maximiser.gan), maximiser.procedure

    def value(codes):
        styles, realism, _ = bare(*networks, codes, category)
        return styles, styles @ theta - eta * (realism - 1) ** 2

    everywhere, liked = value(maximiser.prior_sample([category]).codes)
    consensus = softmax(liked / (TEMPERATURE * liked.std())) @ everywhere
    styles, objective = value(codes)
    far = ((styles - consensus) ** 2).mean(axis=1) / ((everywhere - consensus) ** 2).mean()
    places = np.sqrt(2) * erfinv(np.clip(codes, -0.9995, 0.9995))
    beyond = np.maximum(0, (places**2).mean(axis=-1) - 1) ** 2
    brakes = procedure.consensus_brake * far.reshape(beyond.shape) + procedure.prior_brake * beyond
    return objective.reshape(beyond.shape) - np.std(everywhere @ theta) * brakes


def test_terms_are_those_of_the_bare_networks(maximiser, make_recommender, recommender, gan):
    codes = np.random.default_rng(0).uniform(-1, 1, (3, 4)).astype(np.float32)
    pictures, styles, realism = maximiser.terms(tf.constant(codes), tf.constant([0, 2, 1]))
    assert pictures.shape == (3, 16, 16, 3)
    larger = make_recommender(32)
    enlarged = PreferenceMaximiser(larger, gan).style(pictures)
    for row, category in enumerate([0, 2, 1]):
        style, real, _ = bare(recommender, gan, codes[row], category)
        np.testing.assert_allclose(styles[row], style[0], rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(realism[row], real[0], rtol=1e-4, atol=1e-6)
        style, *_ = bare(larger, gan, codes[row], category)
        np.testing.assert_allclose(enlarged[row], style[0], rtol=1e-3, atol=1e-4)
    assert np.abs(styles[0] - styles[1]).max() > 0.1


def test_the_sample_is_judged_by_the_bare_networks(maximiser, recommender, gan):
    sample = maximiser.prior_sample([2, 0, 2])
    assert sample.codes.shape == (SAMPLE, 4) and sample.looks.shape == (3, SAMPLE, 192)
    for row, category in enumerate([2, 0, 2]):
        styles, realism, _ = bare(recommender, gan, sample.codes, category)
        np.testing.assert_allclose(sample.styles[row], styles, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(sample.realism[row], realism, rtol=1e-3, atol=1e-4)
        pictures = gan.generator([sample.codes, tf.fill([SAMPLE], category)])
        np.testing.assert_allclose(sample.looks[row], looks(pictures), atol=1e-4)
        np.testing.assert_allclose(sample.mean_picture[row], np.mean(pictures, 0), atol=1e-4)
        np.testing.assert_allclose(sample.mean_square[row], np.mean(np.square(pictures)), 1e-4)
    again = maximiser.prior_sample([2])
    np.testing.assert_array_equal(again.styles[0], sample.styles[0])


def test_preference_is_that_of_the_picture_as_a_catalogue_would_read_it(recommender, make_gan):
    """A design of 64 pixels, filed and read at the encoder's 16, is liked as much as was said."""
    maximiser = PreferenceMaximiser(recommender, make_gan(64))
    theta = recommender.theta.numpy()[2]
    drawn = maximiser.generate(maximiser.prior(6, 3), tf.fill([6], 1))
    said = maximiser.style(drawn).numpy() @ theta
    pictures = unscale(drawn)

    def liked(pictures):
        return recommender.encoder(scale(tf.stack(pictures))).numpy() @ theta

    files = [tf.io.encode_png(picture) for picture in pictures]
    read = liked([decode_picture(file, (16, 16)) for file in files])
    # The pixels of the file, and those at 16, are whole levels.
    tolerance = 0.3
    np.testing.assert_allclose(said, read, atol=tolerance)
    # Which tells the filter of the catalogue from plain bilinear resizing.
    plain = liked(tf.image.resize(pictures, (16, 16)))
    assert np.median(np.abs(plain - read)) > 3 * tolerance
    assert np.ptp(read) > 3 * tolerance


@pytest.mark.parametrize("eta", [0.0, 2.0])
def test_designs_beat_their_own_starts(maximiser, recommender, gan, eta):
    theta = recommender.theta.numpy()[2]
    designs = maximiser.design([2], category=1, count=3, eta=eta, seed=4)
    assert designs.pictures.shape == (1, 3, 16, 16, 3) and designs.pictures.dtype == np.uint8
    assert designs.codes.shape == (1, 3, 4) and np.abs(designs.codes).max() < 1
    assert designs.path.shape == (13, 1, 3, 4)
    assert designs.evaluations == 4 * 13

    styles, realism, pictures = bare(recommender, gan, designs.codes, 1)
    np.testing.assert_allclose(designs.preference[0], styles @ theta, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(designs.realism[0], realism, rtol=1e-3, atol=1e-4)
    assert np.abs(designs.pictures[0] - pictures).max() <= 1

    value = by_hand(maximiser, designs.codes[0], theta, 1, eta)
    assert np.all(np.diff(value) <= 1e-3), "the best first"
    along = by_hand(maximiser, designs.path[:, 0], theta, 1, eta)
    np.testing.assert_allclose(value, along.max(axis=0), rtol=1e-3, atol=1e-3)
    assert np.mean(value - along[0]) > 0.5


@pytest.mark.parametrize("eta", [0.0, 2.0])
def test_restarts_begin_at_what_promises_most_and_is_not_alike(maximiser, recommender, gan, eta):
    sample = maximiser.prior_sample([1])
    people = maximiser.people(recommender.theta.numpy()[[2]], [1], [eta])
    found = maximiser.starts(sample, people, tf.constant(6)).numpy()[0]
    standing = tf.random.experimental.stateless_shuffle(tf.range(SAMPLE), [6, 0])[: SAMPLE // 2]
    codes = sample.codes.numpy()[standing]

    styles, realism, _ = bare(recommender, gan, codes, 1)
    liked = styles @ recommender.theta.numpy()[2]
    value = liked - eta * (realism - 1) ** 2
    candidates = np.argsort(-value)[:CANDIDATES]
    seen = looks(gan.generator([tf.constant(codes), tf.fill([len(codes)], 1)])).numpy()
    copy = maximiser.procedure.diversity * people.unit.numpy()[0]
    chosen = []
    for _ in range(4):
        left = [row for row in candidates if row not in chosen]
        alike = [
            max((np.exp(-((seen[row] - seen[other]) ** 2).mean() / (2 * ALIKE**2))
                 for other in chosen), default=0)
            for row in left
        ]  # fmt: skip
        chosen.append(left[np.argmax(value[left] - copy * np.array(alike))])
    chosen.sort(key=lambda row: -value[row])
    np.testing.assert_allclose(found, codes[chosen])
    begun = maximiser.design([2], category=1, count=4, eta=eta, seed=6).path[0, 0]
    # The designs are sorted, the starts are not.
    for start in found:
        assert np.abs(begun - start).max(axis=1).min() < 1e-3


def test_restarts_that_are_not_screened_begin_at_codes_of_the_prior(maximiser, recommender, gan):
    at_random = under(maximiser, replace(maximiser.procedure, screened=False))
    sample = at_random.prior_sample([1])
    people = at_random.people(recommender.theta.numpy()[[2, 3]], [1, 1], [0.5, 1])
    first, other = (at_random.starts(sample, people, tf.constant(seed)).numpy() for seed in (6, 7))
    np.testing.assert_array_equal(first[0], first[1])
    assert np.abs(first - other).max() > 0.1
    for start in first[0]:
        assert (sample.codes.numpy() == start).all(axis=1).sum() == 1


def test_designs_are_picked_greedily_by_value_and_difference(maximiser, recommender, gan):
    theta = recommender.theta.numpy()[3]
    every = maximiser.design([3], category=2, count=4, seed=1)
    value = by_hand(maximiser, every.codes[0], theta, 2, 1.0)
    everywhere = bare(recommender, gan, maximiser.prior_sample([2]).codes, 2)[0]
    copy = maximiser.procedure.diversity * np.std(everywhere @ theta)
    pictures = gan.generator([tf.constant(every.codes[0]), tf.fill([4], 2)])
    seen = looks(pictures).numpy()
    alike = np.exp(-((seen[:, None] - seen) ** 2).mean(axis=2) / (2 * ALIKE**2))
    second = max((1, 2, 3), key=lambda row: value[row] - copy * alike[row, 0])
    assert second != 1, "by value alone it would be another"
    found = maximiser.design([3], category=2, count=2, seed=1).codes[0]
    np.testing.assert_allclose(found, every.codes[0, [0, second]], atol=1e-3)


def test_the_preset_dvbpr_is_the_original_procedure(maximiser, recommender, gan):
    """16 codes of the prior, ten steps of Adam at 0.05 on z itself, the best of each path."""
    maximiser = under(maximiser, PROCEDURES["dvbpr"])
    theta, eta = recommender.theta.numpy()[3], 1.5
    designs = maximiser.design([3], category=2, count=16, eta=eta, seed=1)
    assert designs.evaluations == 16 * 11
    starts = designs.path[0, 0]
    assert len(np.unique(starts, axis=0)) == 16
    prior = maximiser.prior_sample([2]).codes.numpy()
    assert all((prior == start).all(axis=1).any() for start in starts)

    codes, adam = tf.Variable(starts), keras.optimizers.Adam(0.05)
    category, path, values = tf.fill([16], 2), [], []
    for _ in range(11):
        with tf.GradientTape() as tape:
            pictures = gan.generator([codes.value(), category])
            liked = tf.linalg.matvec(recommender.encoder(pictures), theta)
            real = gan.discriminator([pictures, category])[:, 0]
            value = liked - eta * (real - 1) ** 2
        path.append(codes.numpy())
        values.append(value.numpy())
        adam.apply([-tape.gradient(value, codes)], [codes])
    np.testing.assert_allclose(designs.path[:, 0], path, atol=5e-3)
    best = np.argmax(values, axis=0)
    np.testing.assert_allclose(designs.codes[0], np.array(path)[best, np.arange(16)], atol=5e-3)
    assert np.all(np.diff(np.max(values, axis=0)) <= 1e-3), "the best first"
    few = maximiser.design([3], category=2, count=3, eta=eta, seed=1)
    np.testing.assert_allclose(few.codes[0], designs.codes[0, :3], atol=1e-4)


def test_the_category_and_the_user_matter(maximiser):
    first = maximiser.design([0], category=0, seed=1)
    assert np.abs(first.codes - maximiser.design([0], category=2, seed=1).codes).max() > 0.1
    assert np.abs(first.codes - maximiser.design([1], category=0, seed=1).codes).max() > 0.1


def test_seed_decides(maximiser):
    first = maximiser.design([0], category=0, seed=1)
    again = maximiser.design([0], category=0, seed=1)
    other = maximiser.design([0], category=0, seed=2)
    np.testing.assert_array_equal(first.codes, again.codes)
    np.testing.assert_array_equal(first.pictures, again.pictures)
    assert np.abs(first.codes - other.codes).max() > 0.1


def test_a_group_is_judged_by_what_its_members_think(maximiser, soft_min, recommender, gan):
    weights = np.array([1.0, 2.0, 0.5])
    group = maximiser.design([0, 3, 1], 2, 2, eta=0.5, seed=9, weights=weights, together=soft_min)
    thetas = recommender.theta.numpy()[[0, 3, 1]]
    everywhere = bare(recommender, gan, maximiser.prior_sample([2]).codes, 2)[0] @ thetas.T
    members = bare(recommender, gan, group.codes, 2)[0] @ thetas.T
    tensors = (members, weights[None], everywhere.mean(0)[None], everywhere.std(0)[None])
    rows = (np.broadcast_to(each, members.shape) for each in tensors)
    expected = soft_min(*(tf.constant(each, tf.float32) for each in rows))
    np.testing.assert_allclose(group.preference[0], expected, rtol=1e-2, atol=1e-2)


def test_the_mean_of_people_of_one_scale_is_their_mean_taste(maximiser, recommender, gan):
    thetas = recommender.theta.numpy()[[0, 3]]
    everywhere = bare(recommender, gan, maximiser.prior_sample([2]).codes, 2)[0]
    thetas /= (everywhere @ thetas.T).std(axis=0)[:, None]
    group = maximiser.design_for(thetas[None], [2], 2, [0.5], seed=9)
    styles, *_ = bare(recommender, gan, group.codes, 2)
    np.testing.assert_allclose(group.preference[0], styles @ thetas.mean(axis=0), atol=1e-2)


def test_weights_of_0_are_of_no_member(maximiser):
    alone = maximiser.design([2], category=1, count=3, seed=1)
    padded = maximiser.design([0, 2, 3], 1, 3, seed=1, weights=[0, 5, 0])
    np.testing.assert_allclose(padded.codes, alone.codes, atol=1e-2)
    np.testing.assert_allclose(padded.preference, alone.preference, rtol=1e-2, atol=1e-2)


def test_weights_matter_and_their_scale_does_not(maximiser):
    first = maximiser.design([0, 3], 1, seed=1, weights=[1, 9])
    again = maximiser.design([0, 3], 1, seed=1, weights=[0.1, 0.9])
    other = maximiser.design([0, 3], 1, seed=1, weights=[9, 1])
    np.testing.assert_allclose(first.preference, again.preference, rtol=1e-2, atol=1e-2)
    assert np.abs(first.codes - other.codes).max() > 0.1


def test_many_tastes_at_once_equal_one_at_a_time(maximiser, monkeypatch):
    tastes = np.random.default_rng(8).normal(0, 3, (5, 5)).astype(np.float32)
    categories, etas = [0, 1, 2, 0, 1], [0.0, 1.0, 3.0, 0.3, 10.0]
    maximiser.prior_sample(categories)
    # Two tastes a block, so five tastes take three blocks, the last half full.
    monkeypatch.setattr(preference_maximizer, "CODES_AT_A_TIME", 8)
    together = maximiser.design_for(tastes, categories, 2, etas, seed=6)
    assert together.pictures.shape == (5, 2, 16, 16, 3)
    assert together.path.shape == (13, 5, 2, 4)
    assert together.evaluations == 5 * 4 * 13
    for row in range(5):
        alone = maximiser.design_for(tastes[row : row + 1], [categories[row]], 2, [etas[row]], 6)
        np.testing.assert_allclose(together.codes[row], alone.codes[0], atol=1e-2)
        np.testing.assert_allclose(together.path[:, row], alone.path[:, 0], atol=1e-2)
        np.testing.assert_allclose(together.preference[row], alone.preference[0], rtol=1e-2)
        np.testing.assert_allclose(together.realism[row], alone.realism[0], rtol=1e-2)


def test_a_sweep_over_eta_is_one_batch(maximiser, recommender):
    tastes = np.tile(recommender.theta.numpy()[2], (3, 1))
    sweep = maximiser.design_for(tastes, [1] * 3, 1, [0.0, 1.0, 100.0], seed=3)
    far = np.abs(sweep.realism[:, 0] - 1)
    assert far[2] < far[0] and sweep.preference[2, 0] < sweep.preference[0, 0]


def test_designs_do_not_move_along_what_is_held(maximiser):
    held = np.linalg.qr(np.random.default_rng(3).normal(size=(4, 2)))[0].T.astype(np.float32)
    for directions, still in [(held, True), (None, False)]:
        path = maximiser.design([2], 1, 4, eta=0, seed=4, held=directions).path[:, 0]
        moved = (to_normal(path) - to_normal(path[0])).numpy()
        assert np.abs(moved[-1]).max() > 0.1
        # float32 codes near the edge do not say exactly where they are.
        assert (np.abs(moved @ held.T).max() < 5e-3) == still


def test_mistakes_are_named(maximiser):
    for count in (9, 0, -1):
        with pytest.raises(InputError, match=f"{count} designs: .* makes 1 to 4"):
            maximiser.design([0], category=0, count=count)
    assert maximiser.design([0], category=0, count=4).codes.shape == (1, 4, 4)
    with pytest.raises(InputError, match="one member or more"):
        maximiser.design([], category=0)
    with pytest.raises(InputError, match="3 weights for 2 users"):
        maximiser.design([0, 1], category=0, weights=[1, 2, 3])
    for weights in ([1, -1], [0, 0], [np.nan, 1], [np.inf, 1]):
        with pytest.raises(InputError, match="weights are 0 or more, and not all 0"):
            maximiser.design([0, 1], category=0, weights=weights)
    for eta in (-0.5, np.nan):
        with pytest.raises(InputError, match="eta .* 0 or more; got (-0.5|nan)"):
            maximiser.design([0], category=0, eta=eta)


def test_prior_is_uniform(maximiser):
    codes = maximiser.prior(5000, 3).numpy()
    assert codes.shape == (5000, 4)
    assert codes.min() > -1.0001 and codes.max() < 1
    np.testing.assert_allclose(codes.mean(), 0, atol=0.02)
    np.testing.assert_allclose(codes.var(), 1 / 3, atol=0.01)


def first_channel(pictures):
    return pictures[:, 0, 0, :1]


first_channel.picture_size = (1, 1)  # Phi of a picture of one pixel


@pytest.fixture(scope="module")
def line():
    """G(z) = z as a picture of one pixel, Phi its first channel, D its negative.

    The objective is z - eta (-z - 1)², with its maximum at z = 1 / (2 eta) - 1.
    """

    gan = SimpleNamespace(
        generator=lambda inputs, training: tf.repeat(inputs[0], 3, axis=1)[:, None, None],
        discriminator=lambda inputs, training: -inputs[0][:, 0, 0, :1],
        code_size=1,
        picture_size=(1, 1),
    )
    free = replace(PROCEDURES["dvbpr"], restarts=4, steps=300, patience=301)
    maximiser = PreferenceMaximiser(SimpleNamespace(encoder=first_channel), gan, free)

    @cache
    def made(**settings):
        return traced(under(maximiser, replace(free, **settings)))

    return made


@pytest.mark.parametrize(("bounded", "etas"), [(True, [0.3, 0.5, 1, 5]), (False, [0.2, 0.3, 1, 5])])
def test_the_optimum_is_where_the_hand_worked_objective_has_it(line, bounded, etas):
    """Which is z = 1.5 at eta = 0.2, out of the prior's reach."""
    maximiser = line(bounded=bounded)
    designs = maximiser.design_for(np.ones((4, 1)), [0] * 4, 1, etas, seed=0)
    expected = 1 / (2 * np.array(etas)) - 1
    np.testing.assert_allclose(designs.codes[:, 0, 0], expected, atol=0.01)
    np.testing.assert_allclose(designs.preference[:, 0], expected, atol=0.01)
    np.testing.assert_allclose(designs.realism[:, 0], -expected, atol=0.01)


def test_a_group_of_opposites_meets_where_the_formula_has_it(line):
    """Of p and -p, the mean goes to an edge, least misery to 0, soft-min to t/2 ln(w1 / w2)."""
    weights = [1.0, 3.0]
    maximiser = line(bounded=True)
    prior = maximiser.prior_sample([0]).codes.numpy()

    def met(together):
        designs = maximiser.design_for(
            np.float32([[[1], [-1]]]), [0], 1, [0.0], 0, np.float32([weights]), together
        )
        return (designs.codes[0, 0, 0] - prior.mean()) / prior.std()

    assert met(MEAN) < -1.6
    assert met(LeastMisery()) == pytest.approx(0, abs=0.02)
    assert met(SoftMin(1.0)) == pytest.approx(np.log(1 / 3) / 2, abs=0.02)


def test_restarts_that_have_arrived_cost_no_more(line):
    patient, hasty = (
        maximiser.design_for(np.ones((2, 1)), [0, 0], 1, [0.5, 1.0], seed=0)
        for maximiser in (line(bounded=False), line(patience=8))
    )
    assert patient.evaluations == 2 * 4 * 301
    assert hasty.evaluations < patient.evaluations / 2
    np.testing.assert_allclose(hasty.codes, patient.codes, atol=0.02)


def test_eta_trades_preference_for_realism(line):
    designs = line(bounded=True).design_for(np.ones((3, 1)), [0] * 3, 1, [0.0, 1.0, 10.0], seed=0)
    distance = np.abs(designs.realism[:, 0] - 1)
    assert distance[0] > distance[1] + 0.1 > distance[2] + 0.2
    assert np.all(np.diff(designs.preference[:, 0]) < -0.1)
    assert designs.preference[0, 0] > 0.99  # with no price on realism, to the edge


@pytest.mark.parametrize("brake", [0.1, 10.0])
def test_a_brake_towards_the_prior_costs_what_the_formula_has(line, brake):
    maximiser = line(bounded=True)
    braked = under(maximiser, replace(maximiser.procedure, prior_brake=brake))
    places = np.linspace(-3, 3, 13, dtype=np.float32)
    people = braked.people(np.ones((13, 1)), [0] * 13, [0.0] * 13)
    found, *_ = braked.judge(tf.constant(places[:, None]), people)
    unit = np.std(braked.prior_sample([0]).codes)
    expected = erf(places / np.sqrt(2)) - brake * unit * np.maximum(0, places**2 - 1) ** 2
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_brake_keeps_codes_where_the_prior_is(line):
    """At eta = 0 the objective is erf(x / √2) less the brake: its maximum by SciPy."""
    maximiser = line(bounded=True, prior_brake=0.1)
    price = 0.1 * np.std(maximiser.prior_sample([0]).codes)
    designs = maximiser.design_for(np.ones((1, 1)), [0], 1, [0.0], seed=0)
    worth = minimize_scalar(
        lambda x: price * max(0, x**2 - 1) ** 2 - erf(x / np.sqrt(2)),
        bounds=(0, 5),
        method="bounded",
    )
    assert designs.codes[0, 0, 0] == pytest.approx(erf(worth.x / np.sqrt(2)), abs=3e-3)
    assert erf(1 / np.sqrt(2)) < designs.codes[0, 0, 0] < 0.95


def test_a_brake_keeps_styles_at_what_the_best_liked_have_in_common(line):
    """The objective is z - b s (z - m)² / u, with its maximum at z = m + u / (2 b s)."""
    brake = 0.5
    maximiser = line(consensus_brake=brake)
    styles = maximiser.prior_sample([0]).styles.numpy()[0, :, 0]
    consensus = softmax(styles / (TEMPERATURE * styles.std())) @ styles
    unit = ((styles - consensus) ** 2).mean()
    designs = maximiser.design_for(np.ones((1, 1)), [0], 1, [0.0], seed=0)
    expected = consensus + unit / (2 * brake * styles.std())
    assert designs.codes[0, 0, 0] == pytest.approx(expected, abs=0.01)
