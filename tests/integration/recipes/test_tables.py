"""The recipes that compare recommenders, started as a user does."""

import subprocess
import sys
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[3] / "recipes"


def start(name, *arguments):
    command = [sys.executable, RECIPES / f"{name}.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize(
    "name", ["amazon_fashion", pytest.param("tradesy", marks=pytest.mark.long)]
)
def test_a_row_of_the_papers_table(name, tiny_catalogue, tmp_path):
    done = start(name, tiny_catalogue.path, "--only", "bprmf", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert {"random", "poprank", "bprmf"} <= {
        line.split(" ")[0] for line in done.stdout.split("\n")
    }
    assert (tmp_path / "bprmf" / "model.keras").is_file()
    assert (tmp_path / "comparison.html").is_file()


def test_hm_asks_for_its_columns(tiny_catalogue, tmp_path):
    done = start("hm", tiny_catalogue.path, "--out", tmp_path / "runs")
    assert done.returncode == 1
    assert "no attribute department_no" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "runs").exists()
