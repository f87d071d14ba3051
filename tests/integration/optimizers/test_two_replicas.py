import os
import subprocess
import sys
from pathlib import Path

import numpy as np


def test_two_replicas_come_to_the_same_as_one_device(root, tmp_path):
    script = Path(__file__).with_name("two_replicas.py")
    environment = os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{root / 'tests' / 'support'}"}
    done = subprocess.run(
        [sys.executable, script, tmp_path / "weights.npz"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    weights = list(np.load(tmp_path / "weights.npz").values())
    half = len(weights) // 2
    for one, two in zip(weights[:half], weights[half:], strict=True):
        np.testing.assert_allclose(two, one, atol=1e-5)
