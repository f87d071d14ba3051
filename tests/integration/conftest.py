"""What the integration tests share."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def run_script(root: Path) -> Callable[..., str]:
    """Runs a script in a process of its own, which must succeed, and returns its output.

    Several strategies in one process confuse each other's collectives.
    """
    path = os.pathsep.join([str(root), str(root / "tests" / "support")])

    def run(script: Path, *arguments: Path) -> str:
        done = subprocess.run(
            [sys.executable, script, *arguments],
            env=os.environ | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
