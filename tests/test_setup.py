"""What `pip install` takes along."""

import runpy
from pathlib import Path

import setuptools

ROOT = Path(__file__).parents[1]


def test_every_folder_of_modules_is_packaged(monkeypatch):
    asked = {}
    monkeypatch.setattr(setuptools, "setup", asked.update)
    monkeypatch.chdir(ROOT)
    runpy.run_path("setup.py")
    folders = {path.parent for path in (ROOT / "keras_fashion").rglob("*.py")}
    assert set(asked["packages"]) == {".".join(f.relative_to(ROOT).parts) for f in folders}
    assert {"keras_fashion", "keras_fashion.datasets.atelier"} < set(asked["packages"])


def test_every_file_that_is_no_module_is_packaged(monkeypatch):
    asked = {}
    monkeypatch.setattr(setuptools, "setup", asked.update)
    monkeypatch.chdir(ROOT)
    runpy.run_path("setup.py")
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
