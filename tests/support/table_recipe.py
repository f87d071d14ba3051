"""The recipes that compare recommenders, started as a user does."""

import subprocess
import sys
from pathlib import Path

RECIPES = Path(__file__).parents[2] / "recipes"


def start(name: str, *arguments) -> subprocess.CompletedProcess:
    """Runs one of them to its end."""
    command = [sys.executable, RECIPES / f"{name}.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def check_a_row_of_the_papers_table(name: str, catalogue: Path, out: Path) -> None:
    """Trains one model by a recipe, and looks at what it says and leaves."""
    done = start(name, catalogue, "--only", "bprmf", "--out", out)
    assert done.returncode == 0, done.stderr
    assert {"random", "poprank", "bprmf"} <= {
        line.split(" ")[0] for line in done.stdout.split("\n")
    }
    assert (out / "bprmf" / "model.keras").is_file()
    assert (out / "comparison.html").is_file()
