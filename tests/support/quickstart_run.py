"""The recipe of the quickstart, small."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner, Result

from keras_fashion.design import PROCEDURES, PreferenceMaximizer, inversion

RECIPE = Path(__file__).parents[2] / "recipes" / "quickstart.py"
SMALL = ["--users", 40, "--items", 120, "--epochs", 2, "--dvbpr-epochs", 1, "--gan-epochs", 1]
SMALL = [str(each) for each in [*SMALL, "--pairs", 6, "--seed", 3]]
MODELS = ["random", "poprank", "bprmf", "visrank", "vbpr", "dvbpr"]


def load_recipe() -> ModuleType:
    """Its module."""
    spec = importlib.util.spec_from_file_location("quickstart", RECIPE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def five_steps(recommender, gan) -> PreferenceMaximizer:
    """A short search."""
    return PreferenceMaximizer(recommender, gan, replace(PROCEDURES["default"], steps=5))


def start(recipe: ModuleType, folder: Path) -> Result:
    """Starts it, with `demo` and `exports` in a folder."""
    where = ["--out", str(folder / "demo"), "--exports", str(folder / "exports")]
    with pytest.MonkeyPatch.context() as patch:
        # Longer ascents show nothing more here.
        patch.setattr(recipe, "PreferenceMaximizer", five_steps)
        # (The function `redesign` hides its module, of the same name, in the package.)
        redesigns = sys.modules["keras_fashion.design.item_redesign"]
        patch.setattr(redesigns, "STEPS", 3)
        patch.setattr(redesigns, "REFINEMENT_STEPS", 3)
        patch.setattr(inversion, "STEPS", 3)
        return CliRunner().invoke(recipe.quickstart, [*where, *SMALL], catch_exceptions=False)


def make_demo(folder: Path) -> None:
    """What a first start leaves, and what it said, for `made_once`."""
    result = start(load_recipe(), folder)
    assert result.exit_code == 0, result.output
    (folder / "stdout.txt").write_text(result.stdout)
    (folder / "stderr.txt").write_text(result.stderr)
