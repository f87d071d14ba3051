from types import SimpleNamespace

import numpy as np
import pytest

from keras_fashion.data import scale
from keras_fashion.errors import InputError
from keras_fashion.evaluation.preference import standing
from keras_fashion.models import CompactEncoder
from keras_fashion.models.recommender import ScoringVectors


@pytest.fixture(scope="module")
def run():
    rng = np.random.default_rng(0)
    vectors = ScoringVectors(
        rng.normal(size=(4, 5)).astype(np.float32),
        rng.normal(size=(12, 5)).astype(np.float32),
        np.zeros(12, np.float32),
    )
    catalogue = SimpleNamespace(
        item_categories=np.array([0, 1] * 5 + [1, 2]), categories=["Bags", "Shoes", "Tops"]
    )
    model = SimpleNamespace(encoder=CompactEncoder(5, (16, 16), width=4))
    return SimpleNamespace(model=model, vectors=vectors, catalogue=catalogue)


def test_one_user_and_one_picture_at_a_time(run):
    pictures = np.random.default_rng(1).integers(0, 256, (3, 16, 16, 3)).astype(np.uint8)
    found = standing(run, np.array([3, 1]), 1, pictures)
    assert found.standard.shape == found.liked_less.shape == (2, 3)
    for row, user in enumerate((3, 1)):
        user_embedding = run.vectors.users[user]
        items = [
            run.vectors.items[item] @ user_embedding
            for item in range(12)
            if run.catalogue.item_categories[item] == 1
        ]
        for column, picture in enumerate(pictures):
            liked = float(run.model.encoder(scale(picture[None])).numpy()[0] @ user_embedding)
            assert found.liked_less[row, column] == sum(each < liked for each in items) / len(items)
            expected = (liked - np.mean(items)) / np.std(items)
            assert found.standard[row, column] == pytest.approx(expected, abs=1e-4)


def test_a_category_of_one_item_is_no_scale(run):
    with pytest.raises(InputError, match=r"Tops has 1 item\(s\)"):
        standing(run, np.array([0]), 2, np.zeros((1, 16, 16, 3), np.uint8))
