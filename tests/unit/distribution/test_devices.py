"""Clusters that are none; `tests/integration/training` has those that are."""

import json

import pytest

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
