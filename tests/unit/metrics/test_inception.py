import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from keras_fashion.metrics.inception import inception_score


def test_sure_and_even_predictions_score_the_number_of_classes():
    assert inception_score(np.eye(4)) == pytest.approx(4.0)


def test_sure_predictions_of_two_of_four_classes_score_two():
    assert inception_score(np.eye(4)[[0, 0, 2, 2]]) == pytest.approx(2.0)


def test_one_prediction_for_all_pictures_scores_one():
    assert inception_score(np.tile([0.7, 0.2, 0.1], (5, 1))) == pytest.approx(1.0)


def test_hand_worked_case():
    # p(y) = (1/2, 1/2); each picture's divergence is 0.75 ln 1.5 + 0.25 ln 0.5 = 0.130812.
    assert inception_score([[0.75, 0.25], [0.25, 0.75]]) == pytest.approx(
        np.exp(0.130812), abs=1e-5
    )


def test_equals_the_entropy_form():
    # The mean KL is the mutual information: H(y) - E_x H(y | x).
    probabilities = np.random.default_rng(0).dirichlet(np.full(6, 0.3), size=50)
    information = entropy(probabilities.mean(axis=0)) - entropy(probabilities, axis=1).mean()
    assert inception_score(probabilities) == pytest.approx(np.exp(information))


@given(st.integers(1, 12), st.integers(1, 8), st.integers(0, 1000))
def test_lies_between_one_and_the_number_of_classes(pictures, classes, seed):
    probabilities = np.random.default_rng(seed).dirichlet(np.full(classes, 0.2), size=pictures)
    assert 1 - 1e-9 <= inception_score(probabilities) <= classes + 1e-9


def test_single_precision_softmax_is_accepted():
    logits = np.random.default_rng(1).normal(size=(100, 10)).astype(np.float32) * 20
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    assert 1 < inception_score(probabilities) < 10


@pytest.mark.parametrize(
    "not_probabilities",
    [
        [[2.0, -1.0]],
        [[0.4, 0.4]],
        [[np.nan, 1.0]],
        [0.5, 0.5],
        np.zeros((0, 3)),
    ],
)
def test_refuses_what_is_no_probability(not_probabilities):
    with pytest.raises(ValueError, match="probabilities"):
        inception_score(np.array(not_probabilities))
