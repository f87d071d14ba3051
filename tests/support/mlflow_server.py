"""MLflow's scoring server of exported models, in a process on this machine."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import urllib3

SERVE = Path(__file__).parents[2] / "deploy" / "mlflow" / "serve.py"


@contextmanager
def mlflow_server(models, python):
    """Serves a folder until the block ends; yields the address and the process.

    Args:
        models: Folder of exported models.
        python: Interpreter of an environment with MLflow and TensorFlow.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [python, str(SERVE), str(models), "--port", str(port)],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            if not _comes_up(address, process):
                log.seek(0)
                raise RuntimeError(f"the server does not come up:\n{log.read()[-3000:]}")
            yield address, process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)  # MLflow and the server that it has started
            process.wait(30)


def _comes_up(address, process):
    for _ in range(240):
        time.sleep(0.5)
        if process.poll() is not None:
            return False
        try:
            if urllib3.request("GET", f"{address}/ping", retries=False).status == 200:
                return True
        except urllib3.exceptions.HTTPError:
            continue
    return False
