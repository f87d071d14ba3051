"""What may import what: the library never imports the application, and imports point one way."""

import ast
import re
from pathlib import Path

import pytest
from write_stubs import stubs

import keras_fashion

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "keras_fashion"

BELOW = {
    "errors": set(),
    "atomic_files": {"errors"},
    "distribution": {"errors"},
    "optimizers": {"errors"},
    "losses": {"distribution", "errors"},
    "metrics": {"errors"},
    "data": {"atomic_files", "distribution", "errors"},
    "models": {"data", "distribution", "errors", "losses", "optimizers"},
    "features": {"atomic_files", "data", "errors", "models"},
    "design": {"data", "errors", "models"},
    "evaluation": {"atomic_files", "data", "design", "errors", "features", "metrics", "models"},
    "callbacks": {
        *("atomic_files", "data", "distribution", "errors", "evaluation", "features", "metrics"),
        "models",
    },
    "serving": {"data", "design", "errors", "models"},
}
"""Of each part of the library, what it may import beside itself."""

LATE = {("models", "features")}
"""Imports that are allowed within a function: the models that use frozen features ask for them."""


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imported(path: Path) -> list[tuple[str, bool]]:
    """Names of modules of the package that a file imports, and whether within a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in late) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "keras_fashion":
                found += [(f"keras_fashion.{a.name}", id(node) in late) for a in node.names]
            else:
                found.append((node.module, id(node) in late))
    own = [each for each in found if each[0].startswith("keras_fashion.")]
    return [each for each in own if each[0] != "keras_fashion.__version__"]


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_part_of_the_package_is_known():
    parts = {part(path) for path in modules(PACKAGE)} - {"__init__", "app"}
    assert parts == set(BELOW)


@pytest.mark.parametrize("name", BELOW)
def test_the_library_imports_downwards_only(name):
    for path in modules(PACKAGE):
        if part(path) != name:
            continue
        for target, is_late in imported(path):
            other = target.split(".")[1]
            allowed = other in {name, *BELOW[name]} or ((name, other) in LATE and is_late)
            assert allowed, f"{path.relative_to(ROOT)} imports {target}"


def test_the_imports_have_no_cycle():
    order: list[str] = []
    while len(order) < len(BELOW):
        free = [name for name in BELOW if name not in order and BELOW[name] <= set(order)]
        assert free, f"a cycle among {set(BELOW) - set(order)}"
        order += free


def test_the_library_knows_no_command_line():
    for path in modules(PACKAGE):
        if part(path) == "app":
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(import|from) click\b", text, re.MULTILINE), path
        options = re.findall(r"(?<![\w-])--[a-z][a-z-]*\b", text)
        assert not options, f"{path.relative_to(ROOT)} speaks of {options}: name the argument"
        commands = [
            command
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            for command in re.findall(r"\bkeras-fashion\s+[a-z][\w-]*", node.value)
        ]
        assert not commands, f"{path.relative_to(ROOT)} names {commands}: name the Python API"


@pytest.mark.parametrize("path", modules(ROOT / "recipes"), ids=lambda path: path.name)
def test_recipes_import_the_public_api_only(path):
    """From a package, not from a module within it."""
    for target, _ in imported(path):
        is_package = (ROOT / Path(*target.split("."))).is_dir()
        assert is_package or target.split(".")[1] in keras_fashion.__all__, target


def test_no_module_is_longer_than_400_lines():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules(PACKAGE)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long


def test_no_public_name_hides_a_module():
    for path, content in stubs().items():
        modules = {each.stem for each in path.parent.iterdir()}
        exported = set(re.findall(r"^from \.\w+ import (\w+)", content, re.MULTILINE))
        assert not exported & modules, path


def test_stubs_are_up_to_date():
    for path, content in stubs().items():
        assert path.read_text(encoding="utf-8") == content, "run `make stubs`"
