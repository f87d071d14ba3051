"""Choices of devices that are refused; `tests/integration/app/training` has those that train."""

import json

import pytest
import tensorflow as tf

from keras_fashion.distribution.devices import strategy_for
from keras_fashion.errors import InputError


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "TF_CONFIG, which is not set; set TF_CONFIG="),
        ("{", "TF_CONFIG cannot be used"),
        ({"cluster": {"worker": ["a:1"]}}, "lacks 'task'"),
        ({"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}, "its jobs are ps"),
        (
            {"cluster": {"worker": ["a:1", "a:1"]}, "task": {"type": "worker", "index": 0}},
            "names an address twice",
        ),
        (
            {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}},
            "there is no worker 2",
        ),
    ],
)
def test_a_wrong_cluster_is_refused(config, message, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config is not None:
        text = config if isinstance(config, str) else json.dumps(config)
        monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError, match=message):
        strategy_for("multi-worker")


def test_a_choice_that_is_no_number_is_refused():
    with pytest.raises(InputError, match="`devices` is 'gpu': give auto, cpu, multi-worker or"):
        strategy_for("gpu")


def test_more_gpus_than_there_are_are_refused(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["GPU:0"])
    with pytest.raises(InputError, match=r"`devices` is 2, but this machine has 1 GPU\(s\)"):
        strategy_for("2")
