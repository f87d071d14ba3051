import numpy as np

from keras_fashion.data.split import Split
from keras_fashion.evaluation.comparison import baselines

TRAIN = np.array([(0, 1), (0, 3), (1, 3), (2, 3), (2, 0)], np.int32)
HELD_OUT = np.array([(0, 2), (1, 2)], np.int32)


def test_scores_are_the_training_counts_for_everybody():
    split = Split(3, 5, TRAIN, HELD_OUT, HELD_OUT)
    scores = baselines(split)["poprank"].scores(np.array([2, 0]))
    assert scores.tolist() == [[1, 1, 0, 3, 0]] * 2
