from pathlib import Path

import numpy as np


def test_two_replicas_come_to_the_same_as_one_device(run_script, tmp_path):
    script = Path(__file__).with_name("two_replicas.py")
    run_script(script, tmp_path / "weights.npz")
    weights = list(np.load(tmp_path / "weights.npz").values())
    half = len(weights) // 2
    for one, two in zip(weights[:half], weights[half:], strict=True):
        np.testing.assert_allclose(two, one, atol=1e-5)
