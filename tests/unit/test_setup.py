"""What `pip install` takes along."""

import ast
import re
import runpy
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import setuptools

ROOT = Path(__file__).parents[2]


@pytest.fixture
def asked(monkeypatch):
    """What setup.py hands over."""
    asked = {}
    monkeypatch.setattr(setuptools, "setup", asked.update)
    monkeypatch.chdir(ROOT)
    runpy.run_path("setup.py")
    return asked


def test_every_folder_of_modules_is_packaged(asked):
    folders = {path.parent for path in (ROOT / "keras_fashion").rglob("*.py")}
    assert set(asked["packages"]) == {".".join(f.relative_to(ROOT).parts) for f in folders}
    assert {"keras_fashion", "keras_fashion.data.sources.atelier"} < set(asked["packages"])


def test_every_file_that_is_no_module_is_packaged(asked):
    data = {
        path
        for package, patterns in asked["package_data"].items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    others = {
        path
        for path in (ROOT / "keras_fashion").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert data == others


def normalized(name):
    """The name of a distribution as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_that_is_imported_is_asked_for(asked):
    required = {normalized(re.match(r"[\w-]+", line)[0]) for line in asked["install_requires"]}
    imported = set()
    for path in (ROOT / "keras_fashion").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module.split(".")[0])
    imported -= {"keras_fashion", *sys.stdlib_module_names}
    assert {"tensorflow", "sklearn", "PIL"} < imported
    of = packages_distributions()
    missing = {
        name for name in imported if required.isdisjoint(map(normalized, of.get(name, [name])))
    }
    of_extras = {"apache_beam", "faiss", "implicit", "optuna"}
    of_tfds = {"array_record", "requests"}
    of_implicit = {"threadpoolctl"}
    assert missing == of_extras | of_tfds | of_implicit
