"""Tests of the study of groups, against plain loops over groups and members."""

import numpy as np
import pytest

from keras_fashion.data.sources.atelier import Oracle, existing_utilities, measure, true_utility
from keras_fashion.data.sources.atelier.attributes import sample_garments
from keras_fashion.data.sources.atelier.shoppers import sample_shoppers
from keras_fashion.design import AGGREGATIONS
from keras_fashion.errors import InputError
from keras_fashion.evaluation.groups import group_study
from keras_fashion.evaluation.preference import StandardizedPreference

GROUPS, MEMBERS, SEED = 3, 2, 4
FORMULAS = {
    "mean": np.mean,
    "least-misery": np.min,
    "soft-min": lambda values: -0.5 * np.log(np.mean(np.exp(-np.asarray(values) / 0.5))),
}


@pytest.fixture(scope="module")
def oracle():
    """The truth of other garments, of which only the categories must be the same."""
    rng = np.random.default_rng(1)
    return Oracle(sample_garments(rng, 40), sample_shoppers(rng, 8), np.zeros(40))


@pytest.fixture(scope="module")
def table(dvbpr, maximizer, oracle):
    return group_study(dvbpr, maximizer, oracle, GROUPS, MEMBERS, SEED)


@pytest.fixture(scope="module")
def drawn(dvbpr):
    """Users and categories, in the order in which the study draws them."""
    rng = np.random.default_rng(SEED)
    trained = np.unique(dvbpr.split.train[:, 0])
    users = [rng.choice(trained, MEMBERS, replace=False) for _ in range(GROUPS)]
    return users, rng.choice(3, GROUPS)


def returned(aggregation, method, users, category, run, maximizer):
    """The picture that a group gets."""
    if method == "generation":
        how = AGGREGATIONS[aggregation]
        return maximizer.design(users, category, 1, seed=SEED, aggregation=how).pictures[0, 0]
    preference = StandardizedPreference(run, users, np.full(MEMBERS, category))
    members = np.flatnonzero(run.catalogue.item_categories == category)
    liked = preference.of_items(np.tile(members, (MEMBERS, 1)))
    values = [FORMULAS[aggregation](liked[:, item]) for item in range(len(members))]
    return run.catalogue.pictures_of([members[np.argmax(values)]], (16, 16))[0]


@pytest.mark.parametrize("aggregation", FORMULAS)
@pytest.mark.parametrize("method", ["retrieval", "generation"])
def test_by_a_loop(table, drawn, dvbpr, maximizer, oracle, aggregation, method):
    found = table.set_index(["aggregation", "method"]).loc[aggregation, method]
    liked, truths, retrieved, best = [], [], [], []
    for users, category in zip(*drawn, strict=True):
        name = dvbpr.catalogue.categories[category]

        def true(picture, users=users, name=name):
            return [true_utility(oracle, measure(picture, name), user, name) for user in users]

        picture = returned(aggregation, method, users, category, dvbpr, maximizer)
        preference = StandardizedPreference(dvbpr, users, np.full(MEMBERS, category))
        liked.append(preference.of_pictures(np.stack([picture[None]] * MEMBERS))[:, 0])
        truths.append(true(picture))
        item = returned(aggregation, "retrieval", users, category, dvbpr, maximizer)
        retrieved.append(FORMULAS[aggregation](true(item)))
        existing = zip(*(existing_utilities(oracle, user, name) for user in users), strict=True)
        best.append(max(FORMULAS[aggregation](values) for values in existing))
    own = [FORMULAS[aggregation](each) for each in truths]

    def above(others):
        return np.mean([(a > b) + (a == b) / 2 for a, b in zip(own, others, strict=True)])

    # Pictures of one design and of a batch of designs may differ by a level.
    assert found["mean"] == pytest.approx(np.mean(liked), abs=0.02)
    assert found["least"] == pytest.approx(np.mean(np.min(liked, axis=1)), abs=0.02)
    assert found["true_mean"] == pytest.approx(np.mean(truths), rel=1e-2)
    assert found["true_least"] == pytest.approx(np.mean(np.min(truths, axis=1)), rel=1e-2)
    assert found["above_retrieved"] == above(retrieved)
    assert found["above_best"] == above(best)


def test_without_a_known_truth_there_is_none(dvbpr, maximizer, table):
    found = group_study(dvbpr, maximizer, None, GROUPS, MEMBERS, SEED)
    assert list(found.columns) == ["aggregation", "method", "mean", "least"]
    np.testing.assert_allclose(found["mean"], table["mean"])


def test_too_few_users_for_a_group_are_refused(dvbpr, maximizer):
    with pytest.raises(InputError, match="was trained on 7 users; no group of 9"):
        group_study(dvbpr, maximizer, num_members=9)
