"""A prepared catalogue, opened by TFDS in a process that does not know this package."""

import pickle
import subprocess
import sys

import numpy as np
from corner_shop import corner_shop
from opened_by_tfds import opened_by_tfds

from keras_fashion.data import prepare


def test_a_process_without_this_package_opens_it(root, tmp_path):
    prepare(corner_shop(), tmp_path / "shop")
    script = root / "tests" / "support" / "opened_by_tfds.py"
    command = [sys.executable, script, tmp_path / "shop", tmp_path / "opened.pickle"]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    alone = pickle.loads((tmp_path / "opened.pickle").read_bytes())
    here = opened_by_tfds(tmp_path / "shop")
    assert alone["splits"] == {"items": 4, "interactions": 3}
    np.testing.assert_equal(alone, here)
