"""Writes `__init__.pyi` beside each package whose names are loaded on first use.

A type checker and an editor cannot follow `lazy_loader.attach`: the stubs say to them where each
name comes from. `make stubs` writes them, and a test holds that they are up to date.
"""

import runpy
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).parents[2]
HEADER = "# Written by `make stubs`; change `__init__.py` instead.\n"


def stub(package: Path) -> str | None:
    """The stub of a package; None if it loads nothing on first use."""
    init = package / "__init__.py"
    if "lazy_loader.attach" not in init.read_text(encoding="utf-8"):
        return None
    name = ".".join(package.relative_to(ROOT).parts)
    import_module(name)  # Before `attach` is replaced: what it imports is imported properly.
    found: list[tuple[Sequence[str], Mapping[str, Sequence[str]]]] = []

    def attach(name, submodules=(), submod_attrs=None):
        found.append((sorted(submodules), submod_attrs or {}))
        return None, None, None

    with patch("lazy_loader.attach", attach):
        runpy.run_path(str(init), run_name="init")
    submodules, exports = found[-1]
    lines = [f"from . import {name} as {name}" for name in submodules]
    lines += [
        f"from .{module} import {name} as {name}"
        for module, names in sorted(exports.items())
        for name in sorted(names)
    ]
    if package == ROOT / "keras_fashion":
        lines.append("\n__version__: str")
    return HEADER + "\n".join(lines) + "\n"


def stubs() -> dict[Path, str]:
    """Path of each stub to its content."""
    packages = (init.parent for init in sorted((ROOT / "keras_fashion").rglob("__init__.py")))
    written = {package / "__init__.pyi": stub(package) for package in packages}
    return {path: content for path, content in written.items() if content is not None}


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    for path, content in stubs().items():
        path.write_text(content, encoding="utf-8")
        print(path.relative_to(ROOT))
