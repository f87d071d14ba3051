import os
import subprocess
import sys
from pathlib import Path


def test_replicas_exchange_rows_and_gradients(root):
    script = Path(__file__).with_name("global_batch_steps.py")
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "agreed"
