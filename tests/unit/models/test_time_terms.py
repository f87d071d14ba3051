"""Trends, seasons, and categories by month, against the formulas by hand."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion import InputError
from keras_fashion.data import Split, TemporalSplit, parse_day
from keras_fashion.models import TimeTerms

ALL = ["trend", "season", "category"]
FIRST, LAST = 605, 614  # June 2020 to March 2021: four quarters of the calendar.


@pytest.fixture
def terms():
    created = TimeTerms(2, ALL, FIRST, LAST, num_items=3, num_categories=2)
    rng = np.random.default_rng(0)
    for weight in created.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    created.category_of_item.assign([1, 0, 1])
    return created


def test_the_quarters_are_those_of_the_calendar(terms):
    assert terms.trend.shape == (4, 2)
    season = terms.season.numpy() - terms.season.numpy().mean(axis=0)
    quarters = [0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    for month, quarter in zip(range(FIRST, LAST + 1), quarters, strict=True):
        expected = terms.trend.numpy()[quarter] + season[month % 12]
        np.testing.assert_allclose(terms.style(tf.constant([month]))[0], expected, rtol=1e-5)
    # 605 is June, month 5 of the year counted from 0.
    assert FIRST % 12 == 5


def test_before_training_the_trend_is_that_of_the_first_quarter():
    terms = TimeTerms(1, ["trend"], FIRST, LAST, num_items=1)
    terms.trend.assign([[3.0], [5.0], [6.0], [8.0]])
    assert terms.style(tf.constant([0, FIRST - 3, FIRST])).numpy().tolist() == [[3], [3], [3]]


def test_a_trend_goes_on_and_slows_down():
    terms = TimeTerms(1, ["trend"], FIRST, LAST, num_items=1)
    terms.trend.assign([[3.0], [5.0], [6.0], [8.0]])
    months = tf.constant([LAST + 1, LAST + 4, LAST + 7, LAST + 300])
    expected = [8 + 2 * 0.5, 8 + 2 * (0.5 + 0.25), 8 + 2 * (0.5 + 0.25 + 0.125), 8 + 2 * 1.0]
    np.testing.assert_allclose(terms.style(months)[:, 0], expected, rtol=1e-6)


def test_one_quarter_has_no_direction():
    terms = TimeTerms(1, ["trend"], FIRST, FIRST, num_items=1)
    terms.trend.assign([[3.0]])
    assert terms.style(tf.constant([FIRST + 60])).numpy().tolist() == [[3]]


def test_the_seasons_of_a_year_add_up_to_nothing():
    terms = TimeTerms(3, ["season"], FIRST, LAST, num_items=1)
    terms.season.assign(np.random.default_rng(1).normal(size=(12, 3)) + 4)
    year = terms.style(tf.range(FIRST, FIRST + 12)).numpy()
    np.testing.assert_allclose(year.sum(axis=0), 0, atol=1e-5)
    np.testing.assert_array_equal(year, terms.style(tf.range(FIRST + 12, FIRST + 24)))


def test_a_category_has_a_bias_in_each_month(terms):
    items, months = tf.constant([[0], [1], [2]]), tf.constant([[FIRST, LAST]])
    table = terms.category_bias.numpy()
    expected = [[table[c, FIRST % 12], table[c, LAST % 12]] for c in (1, 0, 1)]
    np.testing.assert_allclose(terms.bias(items, months), expected)
    np.testing.assert_allclose(terms.bias(items)[:, 0], np.array(expected)[:, 1])
    assert not TimeTerms(2, ["trend"], FIRST, LAST, 3).bias(items, months).numpy().any()


def test_the_penalty_by_hand(terms):
    changes = np.diff(terms.trend.numpy(), axis=0)
    squares = [changes, terms.season.numpy(), terms.category_bias.numpy()]
    expected = 0.5 * sum((each**2).sum() for each in squares)
    np.testing.assert_allclose(terms.penalty(), expected, rtol=1e-6)


def test_saved_and_opened_again(terms):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(terms))
    again.set_weights(terms.get_weights())
    months = tf.constant([FIRST, LAST + 8])
    np.testing.assert_array_equal(again.style(months), terms.style(months))
    np.testing.assert_array_equal(again.bias(tf.range(2), months), terms.bias(tf.range(2), months))


def temporal(days):
    none, day = np.empty((0, 2), np.int32), np.empty(0, np.int32)
    pairs = np.array([[0, n] for n in range(len(days))], np.int32)
    days = np.array([parse_day(each) for each in days], np.int32)
    return TemporalSplit(1, 3, pairs, none, none, days, day, day, days, days)


def test_made_for_the_training_part_of_a_split():
    catalogue = SimpleNamespace(categories=["Bags", "Tops"], item_categories=np.array([1, 0, 1]))
    split = temporal(["2020-06-30", "2021-03-01"])
    terms = TimeTerms.from_catalogue(4, ALL, catalogue, split)
    assert (terms.first_month, terms.last_month) == (FIRST, LAST)
    assert terms.category_bias.shape == (2, 12)
    assert terms.category_of_item.numpy().tolist() == [1, 0, 1]
    assert TimeTerms.from_catalogue(4, (), catalogue, split) is None


def test_bad_arguments():
    split = temporal(["2020-06-30", "2021-03-01"])
    with pytest.raises(InputError, match="`time_terms` weather: there are trend, season"):
        TimeTerms.from_catalogue(4, ["weather"], None, split)
    without = Split(1, 3, split.train, split.test, split.test)
    with pytest.raises(InputError, match="`time_terms` need the times of purchases"):
        TimeTerms.from_catalogue(4, ["trend"], None, without)
