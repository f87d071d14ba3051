"""Environments for several workers of a distributed training on this machine."""

import json
import os
import socket
from collections.abc import Sequence


def free_ports(count: int) -> list[int]:
    """Returns ports that no process listens on."""
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def environment_of(task: int, ports: Sequence[int]) -> dict[str, str]:
    """Returns the environment of this process with the `TF_CONFIG` of a worker."""
    cluster = {"worker": [f"localhost:{port}" for port in ports]}
    config = {"cluster": cluster, "task": {"type": "worker", "index": task}}
    return os.environ | {"TF_CONFIG": json.dumps(config)}
