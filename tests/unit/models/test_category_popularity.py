import numpy as np

from keras_fashion.models import CategoryPopularity


def test_scores_are_what_the_category_sold_for_everybody():
    model = CategoryPopularity(2, 5)
    model.adapt(counts=np.array([3, 0, 5, 1, 0]), categories=np.array([2, 2, 0, 2, 0]))
    assert model.scoring_vectors().scores(np.array([1, 0])).tolist() == [[4, 4, 5, 4, 5]] * 2
