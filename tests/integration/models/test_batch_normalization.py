"""Batch renormalization on several replicas."""

import os
import subprocess
import sys
from pathlib import Path


def test_replicas_renormalize_as_one_device_does(root):
    script = Path(__file__).with_name("renormalization_on_two_replicas.py")
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "agreed"
