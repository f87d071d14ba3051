import os
import subprocess
import sys


def test_the_split_is_the_same_in_every_process(root, tmp_path):
    path = root / "tests" / "unit" / "data" / "sources" / "dvbpr" / "men.npy"
    code = "import sys; from keras_fashion.app.cli.main import main; main(sys.argv[1:])"
    splits = []
    for seed in ("1", "2"):  # of the order of sets
        out = tmp_path / seed
        command = [sys.executable, "-c", code, "prepare", "dvbpr", path, "--out", out]
        environment = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run(command, check=True, capture_output=True, cwd=root, env=environment)
        splits.append((out / "split.csv").read_bytes())
    assert splits[0] == splits[1]
