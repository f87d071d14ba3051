"""Two machines, by the command itself: one is lost, one is told to end; any number goes on."""

import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from keras_fashion.training.checkpoints import checkpoints_in

OPTIONS = (
    *("--batch-size", "8", "--latent-size", "4", "--patience", "9999", "--seed", "3"),
    *("--epochs", "4000", "--checkpoint-every", "18"),
)
EPOCH = 5
"""Steps of one."""


def train(catalogue, out, task=None, ports=(), devices="multi-worker"):
    """The command as a process; among several it is worker `task`."""
    environment = dict(os.environ)
    if task is not None:
        cluster = {"worker": [f"localhost:{port}" for port in ports]}
        environment["TF_CONFIG"] = json.dumps(
            {"cluster": cluster, "task": {"type": "worker", "index": task}}
        )
    command = [sys.executable, "-c", "from keras_fashion.cli import main; main()", "train"]
    return subprocess.Popen(
        [*command, "bprmf", catalogue.path, "--out", out, "--devices", devices, *OPTIONS],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def newest(out):
    found = checkpoints_in(out / "checkpoints")
    return found[-1].name if found else "epoch-0-step-0"


def steps(name):
    """Done in all, up to a checkpoint."""
    _, epoch, _, step = name.split("-")
    return int(epoch) * EPOCH + int(step)


def wait_for(out, least, workers):
    end = time.monotonic() + 120
    while steps(newest(out)) < least:
        assert all(worker.poll() is None for worker in workers), [
            worker.communicate()[1][-2000:] for worker in workers if worker.poll() is not None
        ]
        assert time.monotonic() < end
        time.sleep(0.1)


def test_lost_told_to_end_and_alone(tiny_catalogue, tmp_path, free_ports):
    out = tmp_path / "run"

    # One is killed, then the chief: the other ends and says why.
    for left, killed in ((0, 1), (1, 0)):
        ports = free_ports(2)
        workers = [train(tiny_catalogue, out, task, ports) for task in (0, 1)]
        wait_for(out, steps(newest(out)) + 40, workers)
        workers[killed].kill()
        began = time.monotonic()
        _, error = workers[left].communicate(timeout=60)
        assert time.monotonic() - began < 30
        assert workers[left].returncode == 75
        (line,) = [each for each in error.splitlines() if "has lost another one" in each]
        assert line.startswith(f"worker {left} of 2 has") and "from its last checkpoint" in line
        workers[killed].communicate()
    kept = newest(out)

    # Two go on; worker 1 is told to end, and both leave with a checkpoint.
    ports = free_ports(2)
    workers = [train(tiny_catalogue, out, task, ports) for task in (0, 1)]
    wait_for(out, steps(kept) + 40, workers)
    workers[1].send_signal(signal.SIGTERM)
    ended = [worker.communicate(timeout=60) for worker in workers]
    assert [worker.returncode for worker in workers] == [75, 75], ended
    assert f"goes on from {kept}" in ended[0][1]
    assert "keeps every step so far" in ended[0][1]
    kept = newest(out)

    # One goes on alone, without TF_CONFIG.
    worker = train(tiny_catalogue, out, devices="cpu")
    wait_for(out, steps(kept) + 20, [worker])
    worker.send_signal(signal.SIGTERM)
    _, error = worker.communicate(timeout=60)
    assert worker.returncode == 75 and f"goes on from {kept}" in error

    # And all have learned what one device learns that nothing happened to.
    whole = tmp_path / "whole"
    worker = train(tiny_catalogue, whole, devices="cpu")
    wait_for(whole, steps(newest(out)), [worker])
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 75
    ours, theirs = (pd.read_csv(each / "history.csv") for each in (out, whole))
    assert len(ours) > 20
    pd.testing.assert_frame_equal(ours, theirs[: len(ours)], rtol=1e-4)


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
    from keras_fashion.distribution.devices import strategy_for
    from keras_fashion.errors import InputError

    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config is not None:
        text = config if isinstance(config, str) else json.dumps(config)
        monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError, match=message):
        strategy_for("multi-worker")
