"""Ports for workers on this machine; Ctrl-C that is heard."""

import signal
import socket

import pytest


@pytest.fixture(scope="session")
def free_ports():
    """So many ports that nobody listens on."""

    def free_ports(count):
        sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
        ports = [each.getsockname()[1] for each in sockets]
        for each in sockets:
            each.close()
        return ports

    return free_ports


@pytest.fixture(autouse=True)
def _heard():
    """A process that a script has started in the background ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
