"""Tests of preference maximization, against the bare networks and hand-worked objectives."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from bare_networks import bare
from maximizers import with_procedure
from scipy.optimize import minimize_scalar
from scipy.special import erf, erfinv, softmax
from tiny_backbone import TINY_BACKBONE

from keras_fashion.design import (
    PROCEDURES,
    LeastMisery,
    PreferenceMaximizer,
    Procedure,
    SoftMin,
    preference_maximizer,
)
from keras_fashion.design.aggregation import MEAN
from keras_fashion.design.design_search import CANDIDATES
from keras_fashion.design.diversity import SIMILARITY_SCALE, thumbnails
from keras_fashion.design.latent_search import to_normal
from keras_fashion.design.objective import CONSENSUS_TEMPERATURE
from keras_fashion.design.scored_generator import SAMPLE_SIZE
from keras_fashion.errors import InputError
from keras_fashion.models import DVBPR, PictureGenerator, PretrainedEncoder
from keras_fashion.models.backbones import BACKBONES


def by_hand(maximizer, latents, theta, category, eta):
    """Returns the objective of one user at (..., Z) latents, (...)."""
    networks, procedure = (maximizer.recommender, maximizer.gan), maximizer.procedure

    sample = maximizer.prior_sample([category]).latents
    unit = np.std(bare(*networks, sample, category)[0] @ theta)

    def value(latents):
        embeddings, realism, _ = bare(*networks, latents, category)
        return embeddings, embeddings @ theta - unit * eta * (realism - 1) ** 2

    everywhere, liked = value(sample)
    consensus = softmax(liked / (CONSENSUS_TEMPERATURE * liked.std())) @ everywhere
    embeddings, objective = value(latents)
    far = ((embeddings - consensus) ** 2).mean(axis=1) / ((everywhere - consensus) ** 2).mean()
    coordinates = np.sqrt(2) * erfinv(np.clip(latents, -0.9995, 0.9995))
    beyond = np.maximum(0, (coordinates**2).mean(axis=-1) - 1) ** 2
    penalties = (
        procedure.consensus_penalty * far.reshape(beyond.shape) + procedure.prior_penalty * beyond
    )
    return objective.reshape(beyond.shape) - unit * penalties


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


def test_designs_for_a_head_on_a_frozen_network_beat_their_starts(gan, monkeypatch):
    """The search differentiates the network in the pictures."""
    monkeypatch.setitem(BACKBONES, "efficientnet-lite0", TINY_BACKBONE)
    encoder = PretrainedEncoder.from_backbone("efficientnet-lite0", (64, 64), 5, seed=0)
    rng = np.random.default_rng(0)
    encoder.adapt(encoder.averages(rng.uniform(-1, 1, (6, 1, 1, 3)) * np.ones((64, 64, 1))).numpy())
    model = DVBPR(2, 10, encoder)
    model.theta.assign(rng.normal(0, 1, (2, 5)))
    short = Procedure(restarts=2, steps=8, learning_rate=0.1, patience=9)
    maximizer = PreferenceMaximizer(model, gan, short)
    designs = maximizer.design([1], category=1, count=2, eta=0, seed=4)

    theta = model.theta.numpy()[1]
    liked = bare(model, gan, designs.latents, 1)[0] @ theta
    # The network computes in bfloat16.
    np.testing.assert_allclose(designs.preference[0], liked, atol=0.02 * np.abs(liked).max())
    along = by_hand(maximizer, designs.path[:, 0], theta, 1, 0)
    assert np.all(along.max(axis=0) > 0.1 + along[0])


@pytest.mark.parametrize("eta", [0.0, 2.0])
def test_restarts_begin_at_diverse_latents_of_the_highest_objective(
    maximizer, recommender, gan, eta
):
    sample = maximizer.prior_sample([1])
    batch = maximizer.batch(recommender.theta.numpy()[[2]], [1], [eta])
    found = maximizer.starts(sample, batch, tf.constant(6)).numpy()[0]
    order = tf.random.experimental.stateless_shuffle(tf.range(SAMPLE_SIZE), [6, 0])
    latents = sample.latents.numpy()[order[: SAMPLE_SIZE // 2]]

    embeddings, realism, _ = bare(recommender, gan, latents, 1)
    liked = embeddings @ recommender.theta.numpy()[2]
    value = liked - batch.scale.numpy()[0] * eta * (realism - 1) ** 2
    candidates = np.argsort(-value)[:CANDIDATES]
    seen = thumbnails(gan.ema_generator([tf.constant(latents), tf.fill([len(latents)], 1)])).numpy()
    weight = maximizer.procedure.diversity * batch.scale.numpy()[0]
    chosen = []
    for _ in range(4):
        left = [row for row in candidates if row not in chosen]
        similarity = [
            max((np.exp(-((seen[row] - seen[other]) ** 2).mean() / (2 * SIMILARITY_SCALE**2))
                 for other in chosen), default=0)
            for row in left
        ]  # fmt: skip
        chosen.append(left[np.argmax(value[left] - weight * np.array(similarity))])
    chosen.sort(key=lambda row: -value[row])
    np.testing.assert_allclose(found, latents[chosen])
    begun = maximizer.design([2], category=1, count=4, eta=eta, seed=6).path[0, 0]
    # The designs are sorted by value, in another order than the starts.
    for start in found:
        assert np.abs(begun - start).max(axis=1).min() < 1e-3


def test_restarts_that_are_not_screened_begin_at_latents_of_the_prior(maximizer, recommender, gan):
    at_random = with_procedure(maximizer, replace(maximizer.procedure, screened=False))
    sample = at_random.prior_sample([1])
    batch = at_random.batch(recommender.theta.numpy()[[2, 3]], [1, 1], [0.5, 1])
    first, other = (at_random.starts(sample, batch, tf.constant(seed)).numpy() for seed in (6, 7))
    np.testing.assert_array_equal(first[0], first[1])
    assert np.abs(first - other).max() > 0.1
    for start in first[0]:
        assert (sample.latents.numpy() == start).all(axis=1).sum() == 1


def test_designs_are_picked_greedily_by_value_and_difference(maximizer, recommender, gan):
    theta = recommender.theta.numpy()[3]
    every = maximizer.design([3], category=2, count=4, eta=1.0, seed=5)
    value = by_hand(maximizer, every.latents[0], theta, 2, 1.0)
    everywhere = bare(recommender, gan, maximizer.prior_sample([2]).latents, 2)[0]
    weight = maximizer.procedure.diversity * np.std(everywhere @ theta)
    pictures = gan.ema_generator([tf.constant(every.latents[0]), tf.fill([4], 2)])
    seen = thumbnails(pictures).numpy()
    similarity = np.exp(-((seen[:, None] - seen) ** 2).mean(axis=2) / (2 * SIMILARITY_SCALE**2))
    second = max((1, 2, 3), key=lambda row: value[row] - weight * similarity[row, 0])
    assert second != 1, "by value alone another would be selected"
    found = maximizer.design([3], category=2, count=2, eta=1.0, seed=5).latents[0]
    np.testing.assert_allclose(found, every.latents[0, [0, second]], atol=1e-3)


def test_the_preset_dvbpr_is_the_original_procedure(maximizer, recommender, gan):
    """16 latents of the prior, ten steps of Adam at 0.05 on z itself, the best of each path."""
    maximizer = with_procedure(maximizer, PROCEDURES["dvbpr"])
    theta, eta = recommender.theta.numpy()[3], 1.5
    designs = maximizer.design([3], category=2, count=16, eta=eta, seed=1)
    assert designs.evaluations == 16 * 11
    starts = designs.path[0, 0]
    assert len(np.unique(starts, axis=0)) == 16
    prior = maximizer.prior_sample([2]).latents.numpy()
    assert all((prior == start).all(axis=1).any() for start in starts)

    unit = np.std(bare(recommender, gan, prior, 2)[0] @ theta)
    latents, adam = tf.Variable(starts), keras.optimizers.Adam(0.05)
    category, path, values = tf.fill([16], 2), [], []
    for _ in range(11):
        with tf.GradientTape() as tape:
            pictures = gan.ema_generator([latents.value(), category])
            liked = tf.linalg.matvec(recommender.encoder(pictures), theta)
            real = gan.discriminator([pictures, category])[:, 0]
            value = liked - unit * eta * (real - 1) ** 2
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


def test_the_preference_of_a_group_is_that_of_its_members(maximizer, soft_min, recommender, gan):
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


def test_the_mean_of_users_of_one_scale_is_their_mean_embedding(maximizer, recommender, gan):
    thetas = recommender.theta.numpy()[[0, 3]]
    everywhere = bare(recommender, gan, maximizer.prior_sample([2]).latents, 2)[0]
    thetas /= (everywhere @ thetas.T).std(axis=0)[:, None]
    group = maximizer.design_for(thetas[None], [2], 2, [0.5], seed=9)
    embeddings, *_ = bare(recommender, gan, group.latents, 2)
    np.testing.assert_allclose(group.preference[0], embeddings @ thetas.mean(axis=0), atol=1e-2)


def test_a_weight_of_0_excludes_a_member(maximizer):
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


def test_many_users_at_once_equal_one_at_a_time(maximizer, monkeypatch):
    user_embeddings = np.random.default_rng(8).normal(0, 3, (5, 5)).astype(np.float32)
    categories, etas = [0, 1, 2, 0, 1], [0.0, 1.0, 3.0, 0.3, 10.0]
    maximizer.prior_sample(categories)
    # Two users in a batch, so five users take three batches, and the last is half full.
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


def test_another_number_of_users_or_members_is_not_traced_anew(recommender, gan, monkeypatch):
    maximizer = PreferenceMaximizer(recommender, gan, Procedure(restarts=2, steps=1))
    user_embeddings = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    maximizer.design([0], category=1, count=1)
    assert maximizer.search.experimental_get_tracing_count() == 1
    maximizer.design([0, 2, 3], category=0, count=2, seed=1)
    maximizer.design_for(user_embeddings, [0, 1, 1], 2, [0.0, 1.0, 2.0], seed=0)
    assert maximizer.search.experimental_get_tracing_count() == 1


def test_a_sweep_over_eta_is_one_batch(maximizer, recommender):
    user_embeddings = np.tile(recommender.theta.numpy()[2], (3, 1))
    sweep = maximizer.design_for(user_embeddings, [1] * 3, 1, [0.0, 1.0, 100.0], seed=3)
    far = np.abs(sweep.realism[:, 0] - 1)
    assert far[2] < far[0] and sweep.preference[2, 0] < sweep.preference[0, 0]


def test_designs_do_not_move_along_fixed_directions(maximizer):
    fixed_directions = np.linalg.qr(np.random.default_rng(3).normal(size=(4, 2)))[0].T.astype(
        np.float32
    )
    for directions, still in [(fixed_directions, True), (None, False)]:
        path = maximizer.design([2], 1, 4, eta=0, seed=4, fixed_directions=directions).path[:, 0]
        moved = (to_normal(path) - to_normal(path[0])).numpy()
        assert np.abs(moved[-1]).max() > 0.1
        # Near the edge, float32 latents determine the coordinates only roughly.
        assert (np.abs(moved @ fixed_directions.T).max() < 5e-3) == still


def test_mistakes_are_named(maximizer):
    for count in (9, 0, -1):
        with pytest.raises(InputError, match=f"`count` must be from 1 to 4, .*; got {count}"):
            maximizer.design([0], category=0, count=count)
    assert maximizer.design([0], category=0, count=4).latents.shape == (1, 4, 4)
    with pytest.raises(InputError, match="`users` must name one user or more"):
        maximizer.design([], category=0)
    with pytest.raises(InputError, match="one value for each of the 2 users; got 3"):
        maximizer.design([0, 1], category=0, weights=[1, 2, 3])
    for weights in ([1, -1], [0, 0], [np.nan, 1], [np.inf, 1]):
        with pytest.raises(InputError, match="`weights` must be 0 or more, and not all 0"):
            maximizer.design([0, 1], category=0, weights=weights)
    for eta in (-0.5, np.nan):
        with pytest.raises(InputError, match="`eta` must be 0 or more; got (-0.5|nan)"):
            maximizer.design([0], category=0, eta=eta)


def first_channel(pictures):
    return pictures[:, 0, 0, :1]


first_channel.picture_size = (1, 1)


class Line(PictureGenerator):
    """A generator of pictures of one pixel that is no GAN: G(z) = z, D its negative."""

    num_categories, picture_size, latent_dim = 1, (1, 1), 1

    def call(self, inputs, training=False):
        return tf.repeat(inputs[0], 3, axis=1)[:, None, None]

    def realism(self, pictures, category):
        return -pictures[:, 0, 0, 0]


@pytest.fixture(scope="module")
def line():
    """Makes maximizers of the pictures of `Line`, where Phi is the first channel.

    The objective is z - eta s (-z - 1)², where s is the deviation of the prior, and its maximum is
    at z = 1 / (2 eta s) - 1.
    """

    free = replace(PROCEDURES["dvbpr"], restarts=4, steps=300, patience=301)
    maximizer = PreferenceMaximizer(SimpleNamespace(encoder=first_channel), Line(), free)

    @cache
    def made(**settings):
        return with_procedure(maximizer, replace(free, **settings))

    return made


@pytest.mark.parametrize(("bounded", "etas"), [(True, [0.5, 1, 2, 9]), (False, [0.3, 0.5, 1, 5])])
def test_the_optimum_is_where_the_hand_worked_objective_has_it(line, bounded, etas):
    """At eta = 0.3 it is z = 1.9, outside of the prior."""
    maximizer = line(bounded=bounded)
    designs = maximizer.design_for(np.ones((4, 1)), [0] * 4, 1, etas, seed=0)
    unit = np.std(maximizer.prior_sample([0]).latents)
    expected = 1 / (2 * np.array(etas) * unit) - 1
    np.testing.assert_allclose(designs.latents[:, 0, 0], expected, atol=0.01)
    np.testing.assert_allclose(designs.preference[:, 0], expected, atol=0.01)
    np.testing.assert_allclose(designs.realism[:, 0], -expected, atol=0.01)


def test_a_group_of_opposites_meets_where_the_formula_has_it(line):
    """For p and -p, the mean goes to an edge, least misery to 0, soft-min to t/2 ln(w1 / w2)."""
    weights = [1.0, 3.0]
    maximizer = line(bounded=True)
    prior = maximizer.prior_sample([0]).latents.numpy()

    def standardized_optimum(aggregation):
        designs = maximizer.design_for(
            np.float32([[[1], [-1]]]), [0], 1, [0.0], 0, np.float32([weights]), aggregation
        )
        return (designs.latents[0, 0, 0] - prior.mean()) / prior.std()

    assert standardized_optimum(MEAN) < -1.6
    assert standardized_optimum(LeastMisery()) == pytest.approx(0, abs=0.02)
    assert standardized_optimum(SoftMin(1.0)) == pytest.approx(np.log(1 / 3) / 2, abs=0.02)


def test_restarts_that_have_converged_are_not_evaluated_again(line):
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
    assert designs.preference[0, 0] > 0.99  # without the realism term, at the edge


@pytest.mark.parametrize("weight", [0.1, 10.0])
def test_the_prior_penalty_is_that_of_the_formula(line, weight):
    maximizer = line(bounded=True)
    penalized = with_procedure(maximizer, replace(maximizer.procedure, prior_penalty=weight))
    coordinates = np.linspace(-3, 3, 13, dtype=np.float32)
    batch = penalized.batch(np.ones((13, 1)), [0] * 13, [0.0] * 13)
    found = penalized.evaluate(tf.constant(coordinates[:, None]), batch).objective
    unit = np.std(penalized.prior_sample([0]).latents)
    expected = (
        erf(coordinates / np.sqrt(2)) - weight * unit * np.maximum(0, coordinates**2 - 1) ** 2
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_prior_penalty_keeps_latents_where_the_prior_is(line):
    """At eta = 0 the objective is erf(x / √2) less the penalty: its maximum by SciPy."""
    maximizer = line(bounded=True, prior_penalty=0.1)
    weight = 0.1 * np.std(maximizer.prior_sample([0]).latents)
    designs = maximizer.design_for(np.ones((1, 1)), [0], 1, [0.0], seed=0)
    optimum = minimize_scalar(
        lambda x: weight * max(0, x**2 - 1) ** 2 - erf(x / np.sqrt(2)),
        bounds=(0, 5),
        method="bounded",
    )
    assert designs.latents[0, 0, 0] == pytest.approx(erf(optimum.x / np.sqrt(2)), abs=3e-3)
    assert erf(1 / np.sqrt(2)) < designs.latents[0, 0, 0] < 0.95


def test_the_consensus_penalty_keeps_embeddings_near_the_consensus(line):
    """The objective is z - b s (z - m)² / u, and its maximum is at z = m + u / (2 b s)."""
    weight = 0.5
    maximizer = line(consensus_penalty=weight)
    embeddings = maximizer.prior_sample([0]).embeddings.numpy()[0, :, 0]
    consensus = softmax(embeddings / (CONSENSUS_TEMPERATURE * embeddings.std())) @ embeddings
    unit = ((embeddings - consensus) ** 2).mean()
    designs = maximizer.design_for(np.ones((1, 1)), [0], 1, [0.0], seed=0)
    expected = consensus + unit / (2 * weight * embeddings.std())
    assert designs.latents[0, 0, 0] == pytest.approx(expected, abs=0.01)
