"""Tests of preference maximization, against the bare networks and hand-worked objectives."""

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
from traced_maximizer import traced, under

from keras_fashion.data import decode_picture, scale, unscale
from keras_fashion.design import (
    PROCEDURES,
    LeastMisery,
    PreferenceMaximizer,
    SoftMin,
    preference_maximizer,
)
from keras_fashion.design.diversity import ALIKE, thumbnails
from keras_fashion.design.latent_search import to_normal
from keras_fashion.design.objective import MEAN, TEMPERATURE
from keras_fashion.design.preference_maximizer import CANDIDATES, SAMPLE
from keras_fashion.errors import InputError


def bare(recommender, gan, latents, category):
    """Styles, realism and pictures from the bare networks, the resizing by Pillow."""
    latents = np.asarray(latents, np.float32)
    latents = latents.reshape(-1, latents.shape[-1])
    category = np.full(len(latents), category)
    pictures = gan.ema_generator([latents, category]).numpy()
    realism = gan.discriminator([pictures, category]).numpy()[:, 0]
    size = recommender.encoder.picture_size
    seen = [
        [
            np.asarray(Image.fromarray(channel, "F").resize(size[::-1], Image.BILINEAR))
            for channel in np.moveaxis(picture, -1, 0)
        ]
        for picture in pictures
    ]
    embeddings = recommender.encoder(np.moveaxis(seen, 1, -1)).numpy()
    return embeddings, realism, np.clip(np.round((pictures + 1) * 127.5), 0, 255)


def by_hand(maximizer, latents, theta, category, eta):
    """The objective of one person at latents: their shape, (..., Z), to (...)."""
    networks, procedure = (maximizer.recommender, maximizer.gan), maximizer.procedure

    def value(latents):
        embeddings, realism, _ = bare(*networks, latents, category)
        return embeddings, embeddings @ theta - eta * (realism - 1) ** 2

    everywhere, liked = value(maximizer.prior_sample([category]).latents)
    consensus = softmax(liked / (TEMPERATURE * liked.std())) @ everywhere
    embeddings, objective = value(latents)
    far = ((embeddings - consensus) ** 2).mean(axis=1) / ((everywhere - consensus) ** 2).mean()
    coordinates = np.sqrt(2) * erfinv(np.clip(latents, -0.9995, 0.9995))
    beyond = np.maximum(0, (coordinates**2).mean(axis=-1) - 1) ** 2
    brakes = (
        procedure.consensus_penalty * far.reshape(beyond.shape) + procedure.prior_penalty * beyond
    )
    return objective.reshape(beyond.shape) - np.std(everywhere @ theta) * brakes


def test_terms_are_those_of_the_bare_networks(maximizer, make_recommender, recommender, gan):
    latents = np.random.default_rng(0).uniform(-1, 1, (3, 4)).astype(np.float32)
    pictures, embeddings, realism = maximizer.terms(tf.constant(latents), tf.constant([0, 2, 1]))
    assert pictures.shape == (3, 16, 16, 3)
    larger = make_recommender(32)
    enlarged = PreferenceMaximizer(larger, gan).embed(pictures)
    for row, category in enumerate([0, 2, 1]):
        style, real, _ = bare(recommender, gan, latents[row], category)
        np.testing.assert_allclose(embeddings[row], style[0], rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(realism[row], real[0], rtol=1e-4, atol=1e-6)
        style, *_ = bare(larger, gan, latents[row], category)
        np.testing.assert_allclose(enlarged[row], style[0], rtol=1e-3, atol=1e-4)
    assert np.abs(embeddings[0] - embeddings[1]).max() > 0.1


def test_the_sample_is_judged_by_the_bare_networks(maximizer, recommender, gan):
    sample = maximizer.prior_sample([2, 0, 2])
    assert sample.latents.shape == (SAMPLE, 4) and sample.thumbnails.shape == (3, SAMPLE, 192)
    for row, category in enumerate([2, 0, 2]):
        embeddings, realism, _ = bare(recommender, gan, sample.latents, category)
        np.testing.assert_allclose(sample.embeddings[row], embeddings, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(sample.realism[row], realism, rtol=1e-3, atol=1e-4)
        pictures = gan.ema_generator([sample.latents, tf.fill([SAMPLE], category)])
        np.testing.assert_allclose(sample.thumbnails[row], thumbnails(pictures), atol=1e-4)
        np.testing.assert_allclose(sample.mean_picture[row], np.mean(pictures, 0), atol=1e-4)
        np.testing.assert_allclose(sample.mean_square[row], np.mean(np.square(pictures)), 1e-4)
    again = maximizer.prior_sample([2])
    np.testing.assert_array_equal(again.embeddings[0], sample.embeddings[0])


def test_preference_is_that_of_the_picture_as_a_catalogue_would_read_it(recommender, make_gan):
    """A design of 64 pixels, filed and read at the encoder's 16, is liked as much as was said."""
    maximizer = PreferenceMaximizer(recommender, make_gan(64))
    theta = recommender.theta.numpy()[2]
    drawn = maximizer.generate(maximizer.prior(6, 3), tf.fill([6], 1))
    said = maximizer.embed(drawn).numpy() @ theta
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
def test_designs_beat_their_own_starts(maximizer, recommender, gan, eta):
    theta = recommender.theta.numpy()[2]
    designs = maximizer.design([2], category=1, count=3, eta=eta, seed=4)
    assert designs.pictures.shape == (1, 3, 16, 16, 3) and designs.pictures.dtype == np.uint8
    assert designs.latents.shape == (1, 3, 4) and np.abs(designs.latents).max() < 1
    assert designs.path.shape == (13, 1, 3, 4)
    assert designs.evaluations == 4 * 13

    embeddings, realism, pictures = bare(recommender, gan, designs.latents, 1)
    np.testing.assert_allclose(designs.preference[0], embeddings @ theta, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(designs.realism[0], realism, rtol=1e-3, atol=1e-4)
    assert np.abs(designs.pictures[0] - pictures).max() <= 1

    value = by_hand(maximizer, designs.latents[0], theta, 1, eta)
    assert np.all(np.diff(value) <= 1e-3), "the best first"
    along = by_hand(maximizer, designs.path[:, 0], theta, 1, eta)
    np.testing.assert_allclose(value, along.max(axis=0), rtol=1e-3, atol=1e-3)
    assert np.mean(value - along[0]) > 0.5


@pytest.mark.parametrize("eta", [0.0, 2.0])
def test_restarts_begin_at_what_promises_most_and_is_not_alike(maximizer, recommender, gan, eta):
    sample = maximizer.prior_sample([1])
    batch = maximizer.batch(recommender.theta.numpy()[[2]], [1], [eta])
    found = maximizer.starts(sample, batch, tf.constant(6)).numpy()[0]
    standing = tf.random.experimental.stateless_shuffle(tf.range(SAMPLE), [6, 0])[: SAMPLE // 2]
    latents = sample.latents.numpy()[standing]

    embeddings, realism, _ = bare(recommender, gan, latents, 1)
    liked = embeddings @ recommender.theta.numpy()[2]
    value = liked - eta * (realism - 1) ** 2
    candidates = np.argsort(-value)[:CANDIDATES]
    seen = thumbnails(gan.ema_generator([tf.constant(latents), tf.fill([len(latents)], 1)])).numpy()
    copy = maximizer.procedure.diversity * batch.unit.numpy()[0]
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
    np.testing.assert_allclose(found, latents[chosen])
    begun = maximizer.design([2], category=1, count=4, eta=eta, seed=6).path[0, 0]
    # The designs are sorted, the starts are not.
    for start in found:
        assert np.abs(begun - start).max(axis=1).min() < 1e-3


def test_restarts_that_are_not_screened_begin_at_codes_of_the_prior(maximizer, recommender, gan):
    at_random = under(maximizer, replace(maximizer.procedure, screened=False))
    sample = at_random.prior_sample([1])
    batch = at_random.batch(recommender.theta.numpy()[[2, 3]], [1, 1], [0.5, 1])
    first, other = (at_random.starts(sample, batch, tf.constant(seed)).numpy() for seed in (6, 7))
    np.testing.assert_array_equal(first[0], first[1])
    assert np.abs(first - other).max() > 0.1
    for start in first[0]:
        assert (sample.latents.numpy() == start).all(axis=1).sum() == 1


def test_designs_are_picked_greedily_by_value_and_difference(maximizer, recommender, gan):
    theta = recommender.theta.numpy()[3]
    every = maximizer.design([3], category=2, count=4, seed=1)
    value = by_hand(maximizer, every.latents[0], theta, 2, 1.0)
    everywhere = bare(recommender, gan, maximizer.prior_sample([2]).latents, 2)[0]
    copy = maximizer.procedure.diversity * np.std(everywhere @ theta)
    pictures = gan.ema_generator([tf.constant(every.latents[0]), tf.fill([4], 2)])
    seen = thumbnails(pictures).numpy()
    alike = np.exp(-((seen[:, None] - seen) ** 2).mean(axis=2) / (2 * ALIKE**2))
    second = max((1, 2, 3), key=lambda row: value[row] - copy * alike[row, 0])
    assert second != 1, "by value alone it would be another"
    found = maximizer.design([3], category=2, count=2, seed=1).latents[0]
    np.testing.assert_allclose(found, every.latents[0, [0, second]], atol=1e-3)


def test_the_preset_dvbpr_is_the_original_procedure(maximizer, recommender, gan):
    """16 latents of the prior, ten steps of Adam at 0.05 on z itself, the best of each path."""
    maximizer = under(maximizer, PROCEDURES["dvbpr"])
    theta, eta = recommender.theta.numpy()[3], 1.5
    designs = maximizer.design([3], category=2, count=16, eta=eta, seed=1)
    assert designs.evaluations == 16 * 11
    starts = designs.path[0, 0]
    assert len(np.unique(starts, axis=0)) == 16
    prior = maximizer.prior_sample([2]).latents.numpy()
    assert all((prior == start).all(axis=1).any() for start in starts)

    latents, adam = tf.Variable(starts), keras.optimizers.Adam(0.05)
    category, path, values = tf.fill([16], 2), [], []
    for _ in range(11):
        with tf.GradientTape() as tape:
            pictures = gan.ema_generator([latents.value(), category])
            liked = tf.linalg.matvec(recommender.encoder(pictures), theta)
            real = gan.discriminator([pictures, category])[:, 0]
            value = liked - eta * (real - 1) ** 2
        path.append(latents.numpy())
        values.append(value.numpy())
        adam.apply([-tape.gradient(value, latents)], [latents])
    np.testing.assert_allclose(designs.path[:, 0], path, atol=5e-3)
    best = np.argmax(values, axis=0)
    np.testing.assert_allclose(designs.latents[0], np.array(path)[best, np.arange(16)], atol=5e-3)
    assert np.all(np.diff(np.max(values, axis=0)) <= 1e-3), "the best first"
    few = maximizer.design([3], category=2, count=3, eta=eta, seed=1)
    np.testing.assert_allclose(few.latents[0], designs.latents[0, :3], atol=1e-4)


def test_the_category_and_the_user_matter(maximizer):
    first = maximizer.design([0], category=0, seed=1)
    assert np.abs(first.latents - maximizer.design([0], category=2, seed=1).latents).max() > 0.1
    assert np.abs(first.latents - maximizer.design([1], category=0, seed=1).latents).max() > 0.1


def test_seed_decides(maximizer):
    first = maximizer.design([0], category=0, seed=1)
    again = maximizer.design([0], category=0, seed=1)
    other = maximizer.design([0], category=0, seed=2)
    np.testing.assert_array_equal(first.latents, again.latents)
    np.testing.assert_array_equal(first.pictures, again.pictures)
    assert np.abs(first.latents - other.latents).max() > 0.1


def test_a_group_is_judged_by_what_its_members_think(maximizer, soft_min, recommender, gan):
    weights = np.array([1.0, 2.0, 0.5])
    group = maximizer.design(
        [0, 3, 1], 2, 2, eta=0.5, seed=9, weights=weights, aggregation=soft_min
    )
    thetas = recommender.theta.numpy()[[0, 3, 1]]
    everywhere = bare(recommender, gan, maximizer.prior_sample([2]).latents, 2)[0] @ thetas.T
    members = bare(recommender, gan, group.latents, 2)[0] @ thetas.T
    tensors = (members, weights[None], everywhere.mean(0)[None], everywhere.std(0)[None])
    rows = (np.broadcast_to(each, members.shape) for each in tensors)
    expected = soft_min(*(tf.constant(each, tf.float32) for each in rows))
    np.testing.assert_allclose(group.preference[0], expected, rtol=1e-2, atol=1e-2)


def test_the_mean_of_people_of_one_scale_is_their_mean_taste(maximizer, recommender, gan):
    thetas = recommender.theta.numpy()[[0, 3]]
    everywhere = bare(recommender, gan, maximizer.prior_sample([2]).latents, 2)[0]
    thetas /= (everywhere @ thetas.T).std(axis=0)[:, None]
    group = maximizer.design_for(thetas[None], [2], 2, [0.5], seed=9)
    embeddings, *_ = bare(recommender, gan, group.latents, 2)
    np.testing.assert_allclose(group.preference[0], embeddings @ thetas.mean(axis=0), atol=1e-2)


def test_weights_of_0_are_of_no_member(maximizer):
    alone = maximizer.design([2], category=1, count=3, seed=1)
    padded = maximizer.design([0, 2, 3], 1, 3, seed=1, weights=[0, 5, 0])
    np.testing.assert_allclose(padded.latents, alone.latents, atol=1e-2)
    np.testing.assert_allclose(padded.preference, alone.preference, rtol=1e-2, atol=1e-2)


def test_weights_matter_and_their_scale_does_not(maximizer):
    first = maximizer.design([0, 3], 1, seed=1, weights=[1, 9])
    again = maximizer.design([0, 3], 1, seed=1, weights=[0.1, 0.9])
    other = maximizer.design([0, 3], 1, seed=1, weights=[9, 1])
    np.testing.assert_allclose(first.preference, again.preference, rtol=1e-2, atol=1e-2)
    assert np.abs(first.latents - other.latents).max() > 0.1


def test_many_tastes_at_once_equal_one_at_a_time(maximizer, monkeypatch):
    user_embeddings = np.random.default_rng(8).normal(0, 3, (5, 5)).astype(np.float32)
    categories, etas = [0, 1, 2, 0, 1], [0.0, 1.0, 3.0, 0.3, 10.0]
    maximizer.prior_sample(categories)
    # Two tastes a block, so five tastes take three blocks, the last half full.
    monkeypatch.setattr(preference_maximizer, "LATENTS_PER_BATCH", 8)
    joint = maximizer.design_for(user_embeddings, categories, 2, etas, seed=6)
    assert joint.pictures.shape == (5, 2, 16, 16, 3)
    assert joint.path.shape == (13, 5, 2, 4)
    assert joint.evaluations == 5 * 4 * 13
    for row in range(5):
        alone = maximizer.design_for(
            user_embeddings[row : row + 1], [categories[row]], 2, [etas[row]], 6
        )
        np.testing.assert_allclose(joint.latents[row], alone.latents[0], atol=1e-2)
        np.testing.assert_allclose(joint.path[:, row], alone.path[:, 0], atol=1e-2)
        np.testing.assert_allclose(joint.preference[row], alone.preference[0], rtol=1e-2)
        np.testing.assert_allclose(joint.realism[row], alone.realism[0], rtol=1e-2)


def test_a_sweep_over_eta_is_one_batch(maximizer, recommender):
    user_embeddings = np.tile(recommender.theta.numpy()[2], (3, 1))
    sweep = maximizer.design_for(user_embeddings, [1] * 3, 1, [0.0, 1.0, 100.0], seed=3)
    far = np.abs(sweep.realism[:, 0] - 1)
    assert far[2] < far[0] and sweep.preference[2, 0] < sweep.preference[0, 0]


def test_designs_do_not_move_along_what_is_held(maximizer):
    fixed_directions = np.linalg.qr(np.random.default_rng(3).normal(size=(4, 2)))[0].T.astype(
        np.float32
    )
    for directions, still in [(fixed_directions, True), (None, False)]:
        path = maximizer.design([2], 1, 4, eta=0, seed=4, fixed_directions=directions).path[:, 0]
        moved = (to_normal(path) - to_normal(path[0])).numpy()
        assert np.abs(moved[-1]).max() > 0.1
        # float32 latents near the edge do not say exactly where they are.
        assert (np.abs(moved @ fixed_directions.T).max() < 5e-3) == still


def test_mistakes_are_named(maximizer):
    for count in (9, 0, -1):
        with pytest.raises(InputError, match=f"{count} designs: .* makes 1 to 4"):
            maximizer.design([0], category=0, count=count)
    assert maximizer.design([0], category=0, count=4).latents.shape == (1, 4, 4)
    with pytest.raises(InputError, match="one member or more"):
        maximizer.design([], category=0)
    with pytest.raises(InputError, match="3 weights for 2 users"):
        maximizer.design([0, 1], category=0, weights=[1, 2, 3])
    for weights in ([1, -1], [0, 0], [np.nan, 1], [np.inf, 1]):
        with pytest.raises(InputError, match="weights are 0 or more, and not all 0"):
            maximizer.design([0, 1], category=0, weights=weights)
    for eta in (-0.5, np.nan):
        with pytest.raises(InputError, match="eta .* 0 or more; got (-0.5|nan)"):
            maximizer.design([0], category=0, eta=eta)


def test_prior_is_uniform(maximizer):
    latents = maximizer.prior(5000, 3).numpy()
    assert latents.shape == (5000, 4)
    assert latents.min() > -1.0001 and latents.max() < 1
    np.testing.assert_allclose(latents.mean(), 0, atol=0.02)
    np.testing.assert_allclose(latents.var(), 1 / 3, atol=0.01)


def first_channel(pictures):
    return pictures[:, 0, 0, :1]


first_channel.picture_size = (1, 1)  # Phi of a picture of one pixel


@pytest.fixture(scope="module")
def line():
    """G(z) = z as a picture of one pixel, Phi its first channel, D its negative.

    The objective is z - eta (-z - 1)², with its maximum at z = 1 / (2 eta) - 1.
    """

    gan = SimpleNamespace(
        ema_generator=lambda inputs, training: tf.repeat(inputs[0], 3, axis=1)[:, None, None],
        discriminator=lambda inputs, training: -inputs[0][:, 0, 0, :1],
        latent_dim=1,
        picture_size=(1, 1),
    )
    free = replace(PROCEDURES["dvbpr"], restarts=4, steps=300, patience=301)
    maximizer = PreferenceMaximizer(SimpleNamespace(encoder=first_channel), gan, free)

    @cache
    def made(**settings):
        return traced(under(maximizer, replace(free, **settings)))

    return made


@pytest.mark.parametrize(("bounded", "etas"), [(True, [0.3, 0.5, 1, 5]), (False, [0.2, 0.3, 1, 5])])
def test_the_optimum_is_where_the_hand_worked_objective_has_it(line, bounded, etas):
    """Which is z = 1.5 at eta = 0.2, out of the prior's reach."""
    maximizer = line(bounded=bounded)
    designs = maximizer.design_for(np.ones((4, 1)), [0] * 4, 1, etas, seed=0)
    expected = 1 / (2 * np.array(etas)) - 1
    np.testing.assert_allclose(designs.latents[:, 0, 0], expected, atol=0.01)
    np.testing.assert_allclose(designs.preference[:, 0], expected, atol=0.01)
    np.testing.assert_allclose(designs.realism[:, 0], -expected, atol=0.01)


def test_a_group_of_opposites_meets_where_the_formula_has_it(line):
    """Of p and -p, the mean goes to an edge, least misery to 0, soft-min to t/2 ln(w1 / w2)."""
    weights = [1.0, 3.0]
    maximizer = line(bounded=True)
    prior = maximizer.prior_sample([0]).latents.numpy()

    def met(aggregation):
        designs = maximizer.design_for(
            np.float32([[[1], [-1]]]), [0], 1, [0.0], 0, np.float32([weights]), aggregation
        )
        return (designs.latents[0, 0, 0] - prior.mean()) / prior.std()

    assert met(MEAN) < -1.6
    assert met(LeastMisery()) == pytest.approx(0, abs=0.02)
    assert met(SoftMin(1.0)) == pytest.approx(np.log(1 / 3) / 2, abs=0.02)


def test_restarts_that_have_arrived_cost_no_more(line):
    patient, hasty = (
        maximizer.design_for(np.ones((2, 1)), [0, 0], 1, [0.5, 1.0], seed=0)
        for maximizer in (line(bounded=False), line(patience=8))
    )
    assert patient.evaluations == 2 * 4 * 301
    assert hasty.evaluations < patient.evaluations / 2
    np.testing.assert_allclose(hasty.latents, patient.latents, atol=0.02)


def test_eta_trades_preference_for_realism(line):
    designs = line(bounded=True).design_for(np.ones((3, 1)), [0] * 3, 1, [0.0, 1.0, 10.0], seed=0)
    distance = np.abs(designs.realism[:, 0] - 1)
    assert distance[0] > distance[1] + 0.1 > distance[2] + 0.2
    assert np.all(np.diff(designs.preference[:, 0]) < -0.1)
    assert designs.preference[0, 0] > 0.99  # with no price on realism, to the edge


@pytest.mark.parametrize("brake", [0.1, 10.0])
def test_a_brake_towards_the_prior_costs_what_the_formula_has(line, brake):
    maximizer = line(bounded=True)
    braked = under(maximizer, replace(maximizer.procedure, prior_penalty=brake))
    coordinates = np.linspace(-3, 3, 13, dtype=np.float32)
    batch = braked.batch(np.ones((13, 1)), [0] * 13, [0.0] * 13)
    found, *_ = braked.judge(tf.constant(coordinates[:, None]), batch)
    unit = np.std(braked.prior_sample([0]).latents)
    expected = erf(coordinates / np.sqrt(2)) - brake * unit * np.maximum(0, coordinates**2 - 1) ** 2
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_brake_keeps_codes_where_the_prior_is(line):
    """At eta = 0 the objective is erf(x / √2) less the brake: its maximum by SciPy."""
    maximizer = line(bounded=True, prior_penalty=0.1)
    price = 0.1 * np.std(maximizer.prior_sample([0]).latents)
    designs = maximizer.design_for(np.ones((1, 1)), [0], 1, [0.0], seed=0)
    worth = minimize_scalar(
        lambda x: price * max(0, x**2 - 1) ** 2 - erf(x / np.sqrt(2)),
        bounds=(0, 5),
        method="bounded",
    )
    assert designs.latents[0, 0, 0] == pytest.approx(erf(worth.x / np.sqrt(2)), abs=3e-3)
    assert erf(1 / np.sqrt(2)) < designs.latents[0, 0, 0] < 0.95


def test_a_brake_keeps_styles_at_what_the_best_liked_have_in_common(line):
    """The objective is z - b s (z - m)² / u, with its maximum at z = m + u / (2 b s)."""
    brake = 0.5
    maximizer = line(consensus_penalty=brake)
    embeddings = maximizer.prior_sample([0]).embeddings.numpy()[0, :, 0]
    consensus = softmax(embeddings / (TEMPERATURE * embeddings.std())) @ embeddings
    unit = ((embeddings - consensus) ** 2).mean()
    designs = maximizer.design_for(np.ones((1, 1)), [0], 1, [0.0], seed=0)
    expected = consensus + unit / (2 * brake * embeddings.std())
    assert designs.latents[0, 0, 0] == pytest.approx(expected, abs=0.01)
