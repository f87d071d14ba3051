"""Tests of two workers, started by the command: one is killed, one is stopped by SIGTERM.

Any number of workers then resumes the training.
"""

import signal
import subprocess
import sys
import time

import pandas as pd
from click.testing import CliRunner
from workers import environment_of, free_ports

from keras_fashion.app.cli.main import main
from keras_fashion.app.training.checkpoints import Checkpoints, list_checkpoints

OPTIONS = (
    *("--batch-size", "8", "--latent-size", "4", "--patience", "9999", "--seed", "3"),
    *("--epochs", "4000", "--checkpoint-every", "18"),
)
STEPS = 5
"""Number of steps of an epoch."""


def start(catalogue, out):
    """Starts the command as the processes of two workers."""
    command = [sys.executable, "-c", "from keras_fashion.app.cli.main import main; main()"]
    ports = free_ports(2)
    return [
        subprocess.Popen(
            [*command, *arguments(catalogue, out, "multi-worker")],
            env=environment_of(task, ports),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for task in (0, 1)
    ]


def arguments(catalogue, out, devices):
    return [
        "train",
        "bprmf",
        str(catalogue.path),
        "--out",
        str(out),
        "--devices",
        devices,
        *OPTIONS,
    ]


def train_here(catalogue, out, last, monkeypatch):
    """Runs the command in this process, without TF_CONFIG, and stops it after `last` steps."""
    is_due = Checkpoints.is_due

    def patched(self):
        if self.progress.epoch * STEPS + self.progress.batch == last:
            signal.raise_signal(signal.SIGTERM)
        return is_due(self)

    monkeypatch.setattr(Checkpoints, "is_due", patched)
    ended = CliRunner().invoke(main, arguments(catalogue, out, "cpu"))
    monkeypatch.undo()
    assert ended.exit_code == 75, ended.output
    return ended.stderr


def newest(out):
    found = list_checkpoints(out / "checkpoints")
    return found[-1].name if found else "epoch-0-step-0"


def steps(name):
    """Returns the number of all completed steps at a checkpoint."""
    _, epoch, _, step = name.split("-")
    return int(epoch) * STEPS + int(step)


def wait_for(out, least, workers):
    end = time.monotonic() + 120
    while steps(newest(out)) < least:
        assert all(worker.poll() is None for worker in workers), [
            worker.communicate()[1][-2000:] for worker in workers if worker.poll() is not None
        ]
        assert time.monotonic() < end
        time.sleep(0.1)


def test_workers_that_are_lost_or_stopped_can_be_replaced(tiny_catalogue, tmp_path, monkeypatch):
    out = tmp_path / "run"

    # One worker is killed, then the chief. The other one stops and says why.
    for left, killed in ((0, 1), (1, 0)):
        workers = start(tiny_catalogue, out)
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

    # Two workers resume. Worker 1 receives SIGTERM, and both stop with a checkpoint.
    workers = start(tiny_catalogue, out)
    wait_for(out, steps(kept) + 40, workers)
    workers[1].send_signal(signal.SIGTERM)
    ended = [worker.communicate(timeout=60) for worker in workers]
    assert [worker.returncode for worker in workers] == [75, 75], ended
    assert f"continues from {kept}" in ended[0][1]
    assert "keeps every step so far" in ended[0][1]
    kept = newest(out)

    # A single worker resumes.
    last = steps(kept) + 20
    assert f"continues from {kept}" in train_here(tiny_catalogue, out, last, monkeypatch)

    # The result is that of one device that was not interrupted.
    whole = tmp_path / "whole"
    train_here(tiny_catalogue, whole, last, monkeypatch)
    ours, theirs = (pd.read_csv(each / "history.csv") for each in (out, whole))
    assert len(ours) > 20
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-4)
