"""Recommenders that know time, against the formula by hand, one interaction after the other."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion import InputError
from keras_fashion.data import Split, TimeCut, months_of_days, parse_day, temporal_split, triplets
from keras_fashion.evaluation import rank_held_out
from keras_fashion.models import VBPR, HeldOutVectors, PopRank, ScoringVectors, TimeTerms
from keras_fashion.models.purchase_histories import checked_recency
from keras_fashion.models.recent_popularity import log_recent_popularity

USERS, ITEMS, RECENCY = 6, 25, 20
FIRST = parse_day("2020-01-10")
ALL = ["trend", "season", "category"]


@pytest.fixture(scope="module")
def split():
    rng = np.random.default_rng(3)
    rows = {}
    for _ in range(150):
        user, item, day = rng.integers([USERS, ITEMS, 400]).tolist()
        rows.setdefault((user, item), day)
    pairs = np.array(sorted(rows), np.int32)
    catalogue = SimpleNamespace(
        name="shop",
        user_ids=list(range(USERS)),
        item_ids=list(range(ITEMS)),
        interactions=pairs,
        interaction_days=np.array([FIRST + rows[tuple(each)] for each in pairs.tolist()], np.int32),
        attributes={},
    )
    return temporal_split(catalogue, TimeCut("2020-10-20", validation_from="2020-09-20"))


def made(split, terms=ALL, recency=RECENCY, history=True):
    months = months_of_days(split.train_days)
    time_terms = None
    if terms:
        first, last = int(months.min()), int(months.max())
        time_terms = TimeTerms(3, terms, first, last, ITEMS, num_categories=2)
    model = VBPR(
        *(USERS, ITEMS, 4),
        embedding_size=3,
        latent_size=2,
        with_history=history,
        recency=recency,
        time_terms=time_terms,
    )
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))
    model.adapt(rng.normal(size=(ITEMS, 6)))
    if "category" in terms:
        time_terms.category_of_item.assign(rng.integers(2, size=ITEMS))
    return model


def score(model, split, user, item, day):
    """x_ui(t), from the weights of the model."""
    phi = model.features.numpy() @ model.embedding.numpy()
    theta = model.theta.numpy()[user].copy()
    purchases = [
        (i, d)
        for part in ("train", "validation", "test")
        for (u, i), d in zip(getattr(split, part).tolist(), split.days_of(part), strict=True)
        if u == user and d < day
    ]
    if model.with_history and purchases:
        items, days = np.array(purchases).T
        weights = np.exp((days - day) / RECENCY) if model.recency else np.ones(len(days))
        theta += (weights[:, None] * phi[items]).sum(axis=0) / weights.sum() - phi.mean(axis=0)
    bias = model.beta_item.numpy()[item] + model.features.numpy()[item] @ model.beta_visual.numpy()
    terms = model.time_terms
    if terms is not None:
        date = np.datetime64(int(day), "D")
        month = int(date.astype("datetime64[M]").astype(int))
        theta += terms.style(tf.constant([month]))[0].numpy()
        if "category" in terms.terms:
            bias += terms.category_bias.numpy()[terms.category_of_item.numpy()[item], month % 12]
    return (
        bias + model.gamma_user.numpy()[user] @ model.gamma_item.numpy()[item] + theta @ phi[item]
    )


@pytest.mark.parametrize(
    "options", [{}, {"recency": 0}, {"terms": ()}, {"history": False, "recency": 0}]
)
@pytest.mark.parametrize("part", ["validation", "test"])
def test_held_out_interactions_are_scored_at_their_times(split, options, part):
    model = made(split, **options)
    vectors = model.held_out_vectors(model.item_vectors(), split, part)
    assert isinstance(vectors, HeldOutVectors)
    rows = getattr(split, part)
    assert len(rows) > 5
    scores = vectors.interactions @ vectors.items.T + vectors.biases
    expected = [
        [score(model, split, user, item, day) for item in range(ITEMS)]
        for (user, _), day in zip(rows.tolist(), split.days_of(part), strict=True)
    ]
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-4)


def test_the_rank_of_a_held_out_interaction_is_that_of_its_scores(split):
    model = made(split)
    vectors = model.held_out_vectors(model.item_vectors(), split, "test")
    scores = vectors.interactions @ vectors.items.T + vectors.biases
    found = rank_held_out(vectors, split, "test", ks=(3,))
    part = rank_held_out(vectors, split, "test", rows=slice(2, 5))
    rows, items = split.excluded("test")
    for row, own in enumerate(split.test[:, 1]):
        candidates = np.setdiff1d(np.arange(ITEMS), [*items[rows == row], own])
        assert found.above[row] == np.sum(scores[row, candidates] > scores[row, own])
    np.testing.assert_array_equal(part.above, found.above[2:5])


def test_the_scores_of_a_batch_are_those_of_the_formula(split):
    model = made(split)
    day_of = {
        tuple(pair): day for pair, day in zip(split.train.tolist(), split.train_days, strict=True)
    }
    # What the model is given of the past is the training part alone.
    for shared in (0, 6):
        batch = next(iter(triplets(split, 16, seed=1, negatives=shared, history=40)))
        scores = model.score_batch(batch).scores
        users, positives = batch["user"].numpy(), batch["positive"].numpy()
        for row, (user, item) in enumerate(zip(users.tolist(), positives.tolist(), strict=True)):
            day = day_of[user, item]
            others = (
                batch["negative"].numpy() if shared else batch["negative"].numpy()[row : row + 1]
            )
            expected = [score(model, split, user, each, day) for each in (item, *others)]
            np.testing.assert_allclose(scores[row], expected, rtol=1e-4, atol=1e-4)


def test_scoring_vectors_of_a_month(split):
    model = made(split)
    day = parse_day("2021-02-01")
    train, days = split.before(day)
    vectors = model.scoring_vectors(
        train=train, train_days=days, month=int(months_of_days(np.array(day)))
    )
    expected = [
        [score(model, split, user, item, day) for item in range(ITEMS)] for user in range(USERS)
    ]
    np.testing.assert_allclose(vectors.scores(np.arange(USERS)), expected, rtol=1e-4, atol=1e-4)


def test_without_a_month_it_is_the_last_one_of_training(split):
    model = made(split)
    arguments = {"train": split.train, "train_days": split.train_days}
    last = int(months_of_days(split.train_days).max())
    vectors = model.scoring_vectors(**arguments)
    for mine, given in zip(vectors, model.scoring_vectors(**arguments, month=last), strict=True):
        np.testing.assert_array_equal(mine, given)
    model.adapt_users(vectors.items, split.train, split.train_days)
    np.testing.assert_allclose(model.user_vector(tf.range(USERS)), vectors.users, rtol=1e-5)
    users, items = tf.constant([0, 4]), tf.constant([3, 7])
    expected = vectors.scores(np.array([0, 4]))[[0, 1], [3, 7]]
    np.testing.assert_allclose(model({"user": users, "item": items}), expected, rtol=1e-4)


def test_popularity_of_late_is_added_to_the_scores_after_training(split):
    options = {"embedding_size": 3, "latent_size": 0, "popularity": 0.7}
    model = VBPR(USERS, ITEMS, 4, **options)
    model.adapt(np.random.default_rng(0).normal(size=(ITEMS, 6)))
    logarithms = log_recent_popularity(split)
    model.log_popularity.assign(logarithms)
    batch = next(iter(triplets(split, 8, seed=0, negatives=5)))
    trained = model.score_batch(batch).scores.numpy()
    plain = model.theta.numpy() @ model.item_vectors().T
    np.testing.assert_allclose(
        model.scoring_vectors().scores(np.arange(USERS)), plain + 0.7 * logarithms, rtol=1e-5
    )
    pairs = {"user": tf.constant([0, 4]), "item": tf.constant([3, 7])}
    expected = (plain + 0.7 * logarithms)[[0, 4], [3, 7]]
    np.testing.assert_allclose(model(pairs), expected, rtol=1e-5)
    users, items = batch["user"].numpy(), batch["negative"].numpy()
    np.testing.assert_allclose(trained[:, 1:], plain[users][:, items], rtol=1e-4, atol=1e-6)


def test_popularity_of_late_by_hand(split):
    kept = ~np.isin(split.train[:, 1], [3, 4])
    split = replace(split, train=split.train[kept], train_days=split.train_days[kept])
    last = split.train_days.max()
    begin = np.where(np.arange(ITEMS) < 8, last - 27, last - 28)
    split = replace(split, on_sale_from=begin.astype(np.int32))
    counts = np.zeros(ITEMS)
    for (_, item), day in zip(split.train.tolist(), split.train_days.tolist(), strict=True):
        counts[item] += 0.5 ** ((last - day) / 28)
    expected = np.log(0.01 + counts)
    assert {3, 4} <= set(np.flatnonzero(counts == 0).tolist())
    expected[counts == 0] = expected[[0, 1, 2, 5, 6, 7]].mean()
    np.testing.assert_allclose(log_recent_popularity(split), expected)


def test_a_newcomer_has_the_style_of_the_month(split):
    model = made(split)
    vectors = model.scoring_vectors(train=split.train, train_days=split.train_days)
    plain, dated = (model.newcomer_vector(np.array([3, 5]), vectors, m) for m in (None, 612))
    last = tf.constant([model.time_terms.last_month])
    change = model.time_terms.style(tf.constant([612]))[0] - model.time_terms.style(last)[0]
    np.testing.assert_allclose(dated - plain, [0, 0, *change], rtol=1e-4, atol=1e-5)


def test_a_model_that_does_not_change_has_its_scoring_vectors(split):
    model = made(split, terms=(), recency=0, history=False)
    assert isinstance(model.held_out_vectors(model.item_vectors(), split, "test"), ScoringVectors)
    popularity = PopRank(USERS, ITEMS)
    vectors = popularity.held_out_vectors(popularity.item_vectors(), split, "test")
    assert isinstance(vectors, ScoringVectors)
    timeless = Split(USERS, ITEMS, split.train, split.validation, split.test[:3])
    model = made(split, terms=(), recency=0)
    assert isinstance(
        model.held_out_vectors(model.item_vectors(), timeless, "test"), ScoringVectors
    )


def test_recency_needs_days_a_history_and_a_split_in_time(split):
    model = made(split)
    with pytest.raises(ValueError, match="needs train_days"):
        model.scoring_vectors(train=split.train)
    assert checked_recency(30, 64, split) == 30
    with pytest.raises(InputError, match="`recency` weighs the items of a `history`"):
        checked_recency(30, 0, split)
    timeless = Split(USERS, ITEMS, split.train, split.validation, split.test)
    with pytest.raises(InputError, match="`recency` needs the times of purchases"):
        checked_recency(30, 64, timeless)
