"""Ports for workers on this machine."""

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
