from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_distances

from keras_fashion.data.columns import Attribute
from keras_fashion.features import item_style


def made(**columns):
    """A catalogue of the given texts."""
    encoded = {
        name: Attribute(*np.unique(texts, return_inverse=True)) for name, texts in columns.items()
    }
    return SimpleNamespace(name="shop", columns=encoded)


COLUMNS = {
    "category": ["Tops", "Bags", "Tops", "Tops", "Shoes"],
    "color": ["red", "red", "blue", "red", "green"],
    "pattern": ["dots", "plain", "dots", "plain", "dots"],
}


def test_the_distance_is_the_share_of_the_columns_that_differ():
    distances = cosine_distances(item_style(made(**COLUMNS)))
    for i in range(5):
        for j in range(5):
            differing = [texts[i] != texts[j] for texts in COLUMNS.values()]
            assert distances[i, j] == pytest.approx(np.mean(differing), abs=1e-6)


def test_what_is_not_known_is_like_nothing():
    style = item_style(made(category=["Tops", "Tops"], color=["", ""], pattern=["dots", ""]))
    assert cosine_distances(style)[0, 1] == pytest.approx(1 - 1 / 2**0.5)


def test_when_an_item_is_sold_is_not_its_style():
    days = ["2020-01-01", "2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01"]
    dated = item_style(made(**COLUMNS, on_sale_from=days, on_sale_until=days))
    np.testing.assert_array_equal(dated.toarray(), item_style(made(**COLUMNS)).toarray())


def test_without_attributes_the_category_is_all():
    distances = cosine_distances(item_style(made(category=["Tops", "Bags", "Tops"])))
    np.testing.assert_allclose(distances, [[0, 1, 0], [1, 0, 1], [0, 1, 0]], atol=1e-6)
