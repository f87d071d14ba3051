import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from keras_fashion.metrics import Agreement, category_agreement


def sets(seed, num_real=120, num_generated=70, num_categories=4):
    """Clusters that overlap, each about a point of its own, and one category of few pictures."""
    random = np.random.default_rng(seed)
    names = np.array(["Tops", "Bags", "Shoes", "Hats"])[:num_categories]
    centers = random.normal(size=(num_categories, 6))

    def draw(count):
        labels = random.choice(num_categories, count, p=[0.5, 0.3, 0.17, 0.03])
        return centers[labels] + random.normal(size=(count, 6)), names[labels]

    return *draw(num_real), *draw(num_generated)


def nearer_first(distances):
    """Weights of which a majority decides, and between equal ones the smaller sum of distances."""
    return 1 - 1e-6 * distances


@pytest.mark.parametrize("num_neighbors", [1, 4, 5])
@pytest.mark.parametrize("seed", [0, 1])
def test_equals_scikit_learns_classifier(num_neighbors, seed):
    real, real_names, generated, generated_names = sets(seed)
    found = category_agreement(real, real_names, generated, generated_names, num_neighbors)

    def fitted(rows):
        classifier = KNeighborsClassifier(num_neighbors, weights=nearer_first)
        return classifier.fit(real[rows], real_names[rows])

    everything = np.arange(len(real))
    agrees = fitted(everything).predict(generated) == generated_names
    real_agrees = np.array(
        [
            fitted(np.delete(everything, row)).predict(real[[row]])[0] == real_names[row]
            for row in everything
        ]
    )
    assert 0.2 < agrees.mean() < 0.9
    assert found.overall == Agreement(120, 70, real_agrees.mean(), agrees.mean())
    assert list(found.by_category) == sorted(set(real_names))
    for name, of_category in found.by_category.items():
        mine = generated_names == name
        assert of_category.num_real == (real_names == name).sum()
        assert of_category.num_generated == mine.sum()
        assert of_category.real == real_agrees[real_names == name].mean()
        assert of_category.generated == (agrees[mine].mean() if mine.any() else None)


@pytest.mark.parametrize(
    ("real", "predicted"),
    [
        ([-1.0, -2, 3, 4, 50], "a"),  # two and two: 1 + 2 is nearer than 3 + 4
        ([-1.0, -5, 2, 3, 50], "b"),  # 2 + 3 is nearer than 1 + 5, although 1 is the nearest
        ([-1.0, -4, 2, 3, 50], "a"),  # equal sums: the first name
    ],
)
def test_ties_by_hand(real, predicted):
    """The fifth neighbor is the only c, at 50; a sixth real picture lies beyond the five."""
    points = [[x] for x in [*real, 90.0]]
    for name in ("a", "b", "c"):
        found = category_agreement(points, ["a", "a", "b", "b", "c", "c"], [[0.0]], [name])
        assert found.overall.generated == (name == predicted)


def test_a_copy_of_a_real_picture_is_its_neighbor_but_it_itself_is_not():
    real, names = [[0.0], [0.0], [5.0], [6.0]], ["a", "b", "b", "b"]
    found = category_agreement(real, names, [[0.0]], ["a"], num_neighbors=1)
    assert found.by_category["a"].real == 0.0
    assert found.by_category["b"].real == pytest.approx(2 / 3)


def test_other_real_pictures_have_a_ratio_near_one():
    real, real_names, generated, generated_names = sets(3, 4000, 4000)
    ratio = category_agreement(real, real_names, generated, generated_names).overall.ratio
    assert ratio == pytest.approx(1, abs=0.04)
    shuffled = np.random.default_rng(0).permutation(generated_names)
    assert category_agreement(real, real_names, generated, shuffled).overall.ratio < 0.7


def test_the_ratio_without_generated_or_agreeing_pictures():
    assert Agreement(5, 0, 1.0, None).ratio is None
    assert Agreement(5, 2, 0.0, 0.5).ratio is None
    assert Agreement(5, 2, 0.5, 0.0).ratio == 0.0


def test_categories_may_be_numbers():
    found = category_agreement([[0.0], [1.0], [2.0]], [3, 3, 7], [[0.1]], [3], num_neighbors=1)
    assert list(found.by_category) == [3, 7] and found.overall.generated == 1.0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"num_neighbors": 0}, "num_neighbors must be 1 or more"),
        ({"num_neighbors": 3}, "at least 4 real"),
        ({"real_categories": ["a"]}, "real categories must be one for each of 3.*(1,)"),
        ({"generated_categories": ["a", "b"]}, "generated categories must be one for each of 1"),
        ({"generated_categories": ["z"]}, "no real picture.*'z'"),
        ({"generated": np.zeros((0, 1)), "generated_categories": []}, "at least 1 generated"),
        ({"generated": [[0.0, 1.0]]}, "generated features have 2 numbers"),
    ],
)
def test_refuses(changed, message):
    arguments = {
        "real": [[0.0], [1.0], [2.0]],
        "real_categories": ["a", "a", "b"],
        "generated": [[0.5]],
        "generated_categories": ["a"],
        "num_neighbors": 1,
    }
    with pytest.raises(ValueError, match=message):
        category_agreement(**arguments | changed)
