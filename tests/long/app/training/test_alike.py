"""Tests that one device, two devices and two machines learn the same, with SGD and with Adam.

All models are trained. `tests/integration/app/training` has some models, with SGD.
"""

import pytest
from alike import FEW, MODELS, assert_alike, assert_ended_on_fewer, train_everywhere

CASES = {
    "sgd": [model for model in MODELS if model not in FEW],
    "adam": list(MODELS),
}


@pytest.fixture(scope="module", params=CASES)
def trained(request, tiny_catalogue, made_once):
    """Returns the folder of the runs, the names of their models, and the optimizer."""
    optimizer, models = request.param, CASES[request.param]
    folder = made_once(
        f"alike_{optimizer}",
        lambda folder: train_everywhere(tiny_catalogue, folder, models, optimizer),
    )
    return folder, models, optimizer


@pytest.mark.parametrize("devices", ["2", "multi-worker"])
def test_losses_scores_and_weights_are_those_of_one_device(trained, devices):
    folder, models, optimizer = trained
    assert_alike(folder, devices, models, optimizer)


def test_an_epoch_may_be_completed_on_fewer_devices(trained, tiny_catalogue):
    """The training is stopped after three steps of five; the loss is the mean of the five."""
    assert_ended_on_fewer(tiny_catalogue, *trained)
