"""Fixtures that stop a training by a signal."""

import os
import signal

import pytest

from keras_fashion.app.training.checkpoints import Checkpoints


@pytest.fixture(autouse=True)
def _handle_ctrl_c():
    """Handles Ctrl-C, which a process that a script has started in the background ignores."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def signal_at(monkeypatch):
    """Returns a function that sends this process a signal after a number of steps.

    It returns a function that stops doing so.
    """

    def signal_at(step, number=signal.SIGINT):
        is_due, count = Checkpoints.is_due, [0]

        def patched(self):
            count[0] += 1
            if count[0] == step:
                os.kill(os.getpid(), number)
            return is_due(self)

        monkeypatch.setattr(Checkpoints, "is_due", patched)
        return lambda: monkeypatch.setattr(Checkpoints, "is_due", is_due)

    return signal_at
