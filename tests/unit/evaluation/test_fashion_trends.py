"""What rises and falls, against the scores of a model and against means by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from keras_fashion import InputError
from keras_fashion.data import Attribute
from keras_fashion.evaluation import SEASONS, ItemTrends, ValueTrends, item_trends, value_trends
from keras_fashion.models import VBPR, PopRank, TimeTerms

USERS, ITEMS, FIRST, LAST = 5, 40, 605, 614  # June 2020 to March 2021: four quarters.
ALL = ["trend", "season", "category"]
TRAIN = np.array([(0, 3), (0, 9), (1, 4), (3, 5), (3, 3), (3, 20)])  # not of users 2 and 4


def trained(terms=ALL, last=LAST, **options):
    rng = np.random.default_rng(0)
    time_terms = TimeTerms(3, terms, FIRST, last, ITEMS, num_categories=2)
    options = {"latent_size": 2, "with_history": True} | options
    model = VBPR(USERS, ITEMS, 4, embedding_size=3, time_terms=time_terms, **options)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape))
    model.adapt(rng.normal(size=(ITEMS, 6)))
    if "category" in terms:
        time_terms.category_of_item.assign(rng.integers(2, size=ITEMS))
    return SimpleNamespace(
        model=model,
        vectors=model.scoring_vectors(train=TRAIN),
        split=SimpleNamespace(train=TRAIN),
    )


def scores_in(recommender, month, items):
    """Of the first user, less their mean over the items."""
    vectors = recommender.model.scoring_vectors(train=TRAIN, month=month)
    scores = vectors.scores(np.array([0]))[0, items]
    return scores - scores.mean()


def deviation(recommender, items):
    scores = recommender.vectors.scores(np.array([0, 1, 3]))[:, items]
    return scores.std(axis=1).mean()


@pytest.mark.parametrize("items", [np.arange(ITEMS), np.array([2, 3, 5, 30, 11, 7])])
@pytest.mark.parametrize("terms", [ALL, ["trend"], ["season"], ["category"], ["trend", "category"]])
def test_they_are_what_the_scores_change_by(terms, items):
    recommender = trained(terms)
    trends = item_trends(recommender, items)
    unit = deviation(recommender, items)
    if "trend" in terms:
        assert trends.quarters.tolist() == [201, 202, 203, 204]
        # The quarters of a year apart, in whose months the season is the same.
        for quarter, month in enumerate((603, 606, 609, 612)):
            changed = scores_in(recommender, month, items)
            changed -= scores_in(recommender, month - 12, items)  # that of the first quarter
            np.testing.assert_allclose(
                unit * (trends.trend[quarter] - trends.trend[0]), changed, atol=1e-4
            )
        np.testing.assert_allclose(trends.rise(), trends.trend[3] - trends.trend[0])
    else:
        assert trends.trend.shape == (0, len(items)) and len(trends.quarters) == 0
    if terms == ["trend"]:
        assert trends.season.shape == (0, len(items))
        return
    # Long before training, the trend is that of its first quarter.
    year = np.stack([scores_in(recommender, month, items) for month in range(12)])
    np.testing.assert_allclose(unit * trends.season, year - year.mean(axis=0), atol=1e-4)
    winter = trends.season[[0, 1, 11]].mean(axis=0)
    np.testing.assert_allclose(trends.in_months(SEASONS["winter"]), winter, rtol=1e-5)


def test_they_are_relative_to_the_mean_of_the_items():
    trends = item_trends(trained(), np.array([2, 3, 5, 30, 11]))
    np.testing.assert_allclose(trends.trend.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(trends.season.mean(axis=1), 0, atol=1e-6)
    assert trends.items.tolist() == [2, 3, 5, 30, 11]


def test_the_seasons_are_all_months_once():
    assert sorted(sum(SEASONS.values(), ())) == list(range(12))


def test_a_model_that_does_not_change_is_refused():
    with pytest.raises(InputError, match="with `split_time` and `time_terms`"):
        item_trends(SimpleNamespace(model=PopRank(2, 3), vectors=None, split=None))
    model = VBPR(2, 3, 4, latent_size=0)
    with pytest.raises(InputError, match="with `split_time` and `time_terms`"):
        item_trends(SimpleNamespace(model=model, vectors=None, split=None))
    with pytest.raises(InputError, match="its training lasts one quarter"):
        item_trends(trained(["trend"], last=FIRST))
    assert len(item_trends(trained(["trend", "season"], last=FIRST)).quarters) == 0


def test_items_that_are_all_the_same():
    recommender = trained(["trend"], latent_size=0, bias=False)
    trends = item_trends(recommender, np.array([7]))
    assert trends.trend.shape == (4, 1) and not trends.trend.any()


def test_items_of_a_category_have_the_same_bias_in_each_month():
    recommender = trained(["category"])
    of_category = recommender.model.time_terms.category_of_item.numpy() == 1
    trends = item_trends(recommender, np.flatnonzero(of_category))
    np.testing.assert_allclose(trends.season, 0, atol=1e-6)
    assert [trends.leading(trends.season[month], 5) for month in range(12)] == 12 * [[]]


def columns():
    rng = np.random.default_rng(1)
    return {
        "category": Attribute(np.array(["Bags", "Tops"]), rng.integers(2, size=ITEMS)),
        "color": Attribute(np.array(["", "blue", "red"]), rng.integers(3, size=ITEMS)),
        "size": Attribute(np.array(["all"]), np.zeros(ITEMS, int)),
        "maker": Attribute(np.array([f"m{n}" for n in range(20)]), np.arange(ITEMS) // 2),
        "on_sale_from": Attribute(np.array(["2020-01-01", ""]), rng.integers(2, size=ITEMS)),
        "on_sale_until": Attribute(np.array(["2021-01-01", ""]), rng.integers(2, size=ITEMS)),
    }


@pytest.mark.parametrize("items", [None, np.arange(ITEMS)[::-2]])
def test_means_of_values(items):
    trends = item_trends(trained(), items)
    found = value_trends(trends, SimpleNamespace(columns=columns()), min_items=3)
    named = list(zip(found.columns, found.values, strict=True))
    assert named == [
        *(("category", "Bags"), ("category", "Tops"), ("color", "blue"), ("color", "red")),
    ]
    for position, (column, value) in enumerate(named):
        attribute = columns()[column]
        texts = pd.Series(attribute.values[attribute.codes][trends.items])
        for mine, given in ((found.trend, trends.trend), (found.season, trends.season)):
            expected = pd.DataFrame(given.T).groupby(texts).mean().loc[value]
            np.testing.assert_allclose(mine[:, position], expected, rtol=1e-5, atol=1e-6)
        assert found.members[position].tolist() == np.flatnonzero(texts == value).tolist()


def test_values_of_few_items_are_left_out():
    trends, catalogue = item_trends(trained()), SimpleNamespace(columns=columns())
    assert "maker" in value_trends(trends, catalogue, min_items=2).columns
    sizes = np.bincount(columns()["category"].codes)
    only = value_trends(trends, catalogue, min_items=int(sizes.max()))
    assert only.values == (["Bags", "Tops"][int(sizes.argmax())],)
    none = value_trends(trends, catalogue)
    assert none.values == () and none.trend.shape == (4, 0) and none.season.shape == (12, 0)
    assert none.leading(none.rise(), 5) == []


def item_example(embeddings):
    embeddings = np.array(embeddings, float)
    none = np.zeros((0, len(embeddings)))
    return ItemTrends(np.array([], int), none, none, np.arange(len(embeddings)), embeddings)


def test_variants_of_an_item_are_left_out():
    trends = item_example([[1, 0], [0, 1], [3, 0.1], [-1, 0], [0, 0], [0, 2]])
    assert trends.leading(np.array([5, 4, 6, 3, 2, 1]), 9) == [2, 1, 3, 4]
    assert trends.leading(np.array([5, 4, 6, 3, 2, 1]), 2) == [2, 1]
    # What does not rise leads no list of what rises.
    assert trends.leading(np.array([-1.0, 0, 2, -3, 1, 0]), 9) == [2, 4]


def test_values_of_the_same_items_are_left_out():
    members = tuple(map(np.array, ([0, 1, 2, 3], [2, 3, 4, 5], [0, 1, 2], [6, 7], [0, 1, 2, 3, 4])))
    none, names = np.zeros((0, 5)), tuple("abcde")
    values = ValueTrends(np.array([], int), none, none, names, names, members)
    # Jaccard indices with a: 2/6, 3/4, 0, 4/5.
    assert values.leading(np.array([5, 4, 3, 2, 1]), 9) == [0, 1, 3]
