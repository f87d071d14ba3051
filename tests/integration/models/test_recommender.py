"""Training in graphs, for every model."""

import pytest
from tiny_recommenders import (
    TRAINED,
    assert_ranks_what_was_bought_above_the_rest,
    bprmf,
    dvbpr,
    validation_losses,
    vbpr,
)


@pytest.mark.parametrize("make", TRAINED)
def test_validation_loss_is_that_of_the_batch(make):
    history, expected = validation_losses(make())
    # Of the weights after the epoch, with nothing dropped out or counted in.
    assert history["val_loss"] == [pytest.approx(expected, rel=1e-5)]
    assert history["loss"][0] != pytest.approx(expected, rel=1e-3)


# Not those with a history: it leaves out an item while that is trained on, and not here.
@pytest.mark.parametrize("negatives", [0, 4])
@pytest.mark.parametrize("make", [bprmf, vbpr, dvbpr])
def test_training_ranks_what_was_bought_above_the_rest(make, negatives):
    assert_ranks_what_was_bought_above_the_rest(make(), negatives)
