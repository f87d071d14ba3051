import os
import subprocess
import sys
from pathlib import Path


def test_a_strategy_hands_each_replica_its_part(root):
    script = Path(__file__).with_name("two_replicas.py")
    environment = os.environ | {"PYTHONPATH": str(root)}
    command = [sys.executable, script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "shared"
