"""Tests of the exported signatures with a date, in another process, against the Keras model."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from served_questions import DATES, DESIGN, LAST_DATE, NO_DATES, everyone
from tiny_world import CATEGORIES

from keras_fashion import InputError
from keras_fashion.data import parse_day
from keras_fashion.design import PROCEDURES, PreferenceMaximizer
from keras_fashion.models import VBPR, TimeTerms
from keras_fashion.serving.signatures.dated import (
    MonthlyRecommender,
    ServedDatedRecommendations,
    months_of_dates,
)
from keras_fashion.serving.signatures.item_table import MAX_K, NO_SCORE
from keras_fashion.serving.signatures.recommender import ServedRecommender
from keras_fashion.serving.signatures.served_module import ItemEmbeddings


@pytest.fixture(scope="module")
def answers(all_answers):
    return {name.removeprefix("dated/"): each for name, each in all_answers.items()}


def vectors_at(run, date):
    """The scoring vectors of a month, from what users had bought at the end of training."""
    month = int(np.datetime64(date, "M").astype(int))
    split = run.split
    return run.model.scoring_vectors(
        items=run.vectors.items,
        train=split.train,
        train_days=split.days_of("train"),
        month=month,
    )


def expected_scores(run, date):
    """(U + 1, I) scores by NumPy; users without training have the popularity of the items."""
    vectors = vectors_at(run, date)
    scores = np.vstack([vectors.users @ vectors.items.T + vectors.biases, np.zeros(20)])
    untrained = np.setdiff1d(np.arange(7), run.split.train[:, 0])
    scores[untrained] = np.bincount(run.split.train[:, 1], minlength=20)
    return scores


def by_item(catalogue, answer):
    """The scores of an answer with all items, in the order of the catalogue."""
    place = {item: number for number, item in enumerate(catalogue.item_ids)}
    scores = np.full(answer["score"].shape, np.nan)
    for row, (items, values) in enumerate(zip(answer["item_id"], answer["score"], strict=True)):
        scores[row, [place[item] for item in items]] = values
    return scores


def test_scores_at_dates_are_those_of_the_python_model(world, answers):
    """All dates are in one request."""
    found = by_item(world.catalogue, answers["every"]).reshape(len(DATES), 7, 20)
    expected = np.stack([expected_scores(world.dated, date) for date in DATES])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    # The lists differ from date to date, but not for those whom the model does not know.
    known = [user not in ("new-here", "nobody") for user in everyone(world.catalogue)]
    assert answers["every"]["known_user"].tolist() == known * len(DATES)
    for first in range(len(DATES)):
        for second in range(first):
            change = np.abs(found[first] - found[second]).max(axis=1)
            assert ((change > 0.1) == known).all()


def test_the_best_item_comes_first(world, answers):
    assert (np.diff(answers["every"]["score"], axis=1) <= 0).all()


def test_an_undated_request_is_one_at_the_end_of_training(world, answers):
    expected = expected_scores(world.dated, LAST_DATE)
    scores = answers["score"]["score"].reshape(7, 21)[:, :20]
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-4)
    assert answers["last"]["item_id"].tolist() == answers["undated"]["item_id"].tolist()
    np.testing.assert_allclose(answers["last"]["score"], answers["undated"]["score"], rtol=1e-5)


def test_every_row_has_its_own_k_category_and_date(world, answers):
    catalogue, answer = world.catalogue, answers["mixed"]
    users = [catalogue.user_index("bob"), 6, catalogue.user_index("eve")]
    kinds = [CATEGORIES.index("Shoes"), None, None]
    for row, (user, k, kind) in enumerate(zip(users, [20, 2, 3], kinds, strict=True)):
        scores = expected_scores(world.dated, DATES[-3:][row])[user]
        if user < 6:
            scores[catalogue.items_of(user)] = -np.inf
        if kind is not None:
            scores[catalogue.item_categories != kind] = -np.inf
        best = np.argsort(-scores, kind="stable")[: min(k, np.isfinite(scores).sum())]
        assert answer["item_id"][row, : len(best)].tolist() == catalogue.item_ids[best].tolist()
        assert (answer["score"][row, len(best) :] == NO_SCORE).all()


@pytest.mark.parametrize(
    "terms", [["trend"], ["season"], ["category"], ["trend", "season", "category"]]
)
def test_each_term_beside_latent_factors_and_biases(world, tmp_path, terms):
    """In this process, by a model that is not exported."""
    split, catalogue = world.dated.split, world.catalogue
    time_terms = TimeTerms.from_catalogue(3, terms, catalogue, split)
    model = VBPR(6, 20, 4, embedding_size=3, latent_size=2, time_terms=time_terms)
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))
    model.adapt(rng.normal(size=(20, 4)))
    trained = SimpleNamespace(
        model=model, vectors=model.scoring_vectors(), catalogue=catalogue, split=split
    )
    monthly = MonthlyRecommender(trained)
    recommender = ServedRecommender(monthly, tmp_path)
    served = ServedDatedRecommendations(recommender, ItemEmbeddings(monthly), time_terms)
    users = split.train[:6, 0]
    for date in DATES:
        answer = served.recommend_at(
            tf.constant(catalogue.user_ids[users]),
            tf.fill([6], 20),
            tf.fill([6], ""),
            tf.fill([6], False),
            tf.fill([6], date),
        )
        answer = {name: each.numpy() for name, each in answer.items()}
        answer["item_id"] = answer["item_id"].astype(str)
        month = int(np.datetime64(date, "M").astype(int))
        expected = model.scoring_vectors(month=month).scores(users)
        np.testing.assert_allclose(by_item(catalogue, answer), expected, rtol=1e-4, atol=1e-5)


def test_newcomers_have_the_style_of_the_end_of_training(world, answers):
    vectors = world.dated.vectors
    newcomer = world.dated.newcomer_vector(np.array([0, 7, 3]))
    scores = vectors.items @ newcomer + vectors.biases
    scores[[0, 7, 3]] = -np.inf
    best = np.argsort(-scores)[:4]
    answer = answers["newcomer"]
    assert answer["item_id"][0].tolist() == world.catalogue.item_ids[best].tolist()
    np.testing.assert_allclose(answer["score"][0], scores[best], rtol=1e-4, atol=1e-4)


@pytest.fixture(scope="module")
def maximizer(world):
    procedure = replace(PROCEDURES["default"], steps=DESIGN["steps"])
    return PreferenceMaximizer(world.dated.model, world.gan.model, procedure)


def test_designs_at_a_date_as_in_python(world, answers, maximizer):
    category = world.catalogue.category_index(DESIGN["category"])
    bob = world.catalogue.user_index("bob")
    settings = [category], DESIGN["count"], [DESIGN["eta"]], DESIGN["seed"]
    for name, date in {"design_winter": DATES[-2], "design": LAST_DATE}.items():
        theta = vectors_at(world.dated, date).users[[bob]]
        designs = maximizer.design_for(theta, *settings)
        answer = answers[name]
        difference = answer["image_bytes"].astype(int) - designs.pictures[0].astype(int)
        assert np.abs(difference).max() <= 1
        np.testing.assert_allclose(
            answer["preference"], designs.preference[0], rtol=1e-3, atol=1e-3
        )
    np.testing.assert_allclose(
        answers["design_last"]["preference"], answers["design"]["preference"], rtol=1e-3, atol=1e-3
    )
    winter, last = (answers[name]["preference"] for name in ("design_winter", "design_last"))
    assert np.abs(winter - last).min() > 0.02  # far more than the tolerance


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "no_dates",
            "date must be a day as YYYY-MM-DD, such as 2020-06-22; row "
            + ", row ".join(f"{row} has {date}" for row, date in enumerate(NO_DATES, start=1)),
        ),
        ("ragged", "user_id, k, category, exclude_seen, date must have from 1 to 1024 rows, each"),
        ("giant", f"k must be from 1 to {MAX_K}; row 0 has {MAX_K + 1}"),
        ("hats", "category is not known: Hats"),
        ("design_someday", "such as 2020-06-22; row 0 has someday"),
        ("design_whose", "user_id is not known: nobody"),
    ],
)
def test_mistakes_are_named(answers, name, words):
    assert words in str(answers[name]["error"])


def test_only_models_that_know_time_have_dates(all_answers):
    for name in ("recommender/1", "recommender/2", "designer/1"):
        assert not any(each.endswith("_at") for each in all_answers[name]["signatures"])
        assert not any("date" in takes.split() for takes in all_answers[name]["takes"])
    assert "recommend_at" in all_answers["recommender/3"]["signatures"]
    assert "design_at" in all_answers["designer/2"]["signatures"]


@pytest.mark.parametrize("model", ["recommender", "designer"])
def test_the_card_says_what_is_known_of_time(exported, model):
    cards = [
        (exported / model / version / "assets.extra" / "model_card.md").read_text("utf-8")
        for version in ("1", {"recommender": "3", "designer": "2"}[model])
    ]
    assert "_at` takes a date" not in cards[0]
    signature = {"recommender": "recommend_at", "designer": "design_at"}[model]
    assert f"`{signature}` takes a date" in cards[1]
    assert "purchases from 2019-08 to 2020-05" in cards[1]


def test_dates_are_those_of_the_calendar():
    """Every day of some years and what is nearly one, against the parser of the command line."""
    years = ["0000", "1900", "1969", "1970", "2000", "2020", "2023", "2100", "9999"]
    texts = [f"{y}-{m:02}-{d:02}" for y in years for m in range(14) for d in range(33)]
    texts += [*NO_DATES, " 2020-06-22", "2020-06-22\n", "2020-06-22Z", "+020-06-22", "٢٠٢٠-٠٦-٢٢"]
    months = {}
    for text in texts:
        try:
            day = parse_day(text)
        except InputError:
            with pytest.raises(tf.errors.InvalidArgumentError, match="YYYY-MM-DD"):
                months_of_dates(tf.constant([text]))
        else:
            months[text] = int(np.datetime64(day, "D").astype("datetime64[M]").astype(int))
    found = months_of_dates(tf.constant(list(months)))
    assert found.numpy().tolist() == list(months.values())
    assert len(months) == 9 * 365 + 3  # of the years, 0000, 2000 and 2020 are leap years
