"""Tests that one device, two devices and two machines learn the same from the same batches.

`tests/long/app/training` has all models and Adam.
"""

import pytest
from alike import FEW, assert_alike, assert_ended_on_fewer, train_everywhere


@pytest.fixture(scope="module")
def trained(tiny_catalogue, made_once):
    return made_once("alike", lambda folder: train_everywhere(tiny_catalogue, folder, FEW, "sgd"))


@pytest.mark.parametrize("devices", ["2", "multi-worker"])
def test_losses_scores_and_weights_are_those_of_one_device(trained, devices):
    assert_alike(trained, devices, FEW, "sgd")


def test_an_epoch_may_be_completed_on_fewer_devices(trained, tiny_catalogue):
    """The training is stopped after three steps of five; the loss is the mean of the five."""
    assert_ended_on_fewer(tiny_catalogue, trained, FEW, "sgd")
