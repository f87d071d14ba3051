"""The README is finished, and what it shows is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
TARGETS = sorted(set(re.findall(r"\]\(([^)#\s]+)", README)))


def test_no_placeholder_is_left():
    assert re.findall(r"\b[A-Z]+_(?:TABLE|SECTION)\b", README) == []


@pytest.mark.parametrize("target", TARGETS)
def test_every_picture_and_file_that_it_names_exists(target):
    if not target.startswith(("http://", "https://")):
        assert (ROOT / target).is_file()
