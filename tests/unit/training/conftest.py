"""Ctrl-C that is heard."""

import signal

import pytest


@pytest.fixture(autouse=True)
def _heard():
    """A process that a script has started in the background ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
