"""A short run of the kills (`make fuzz`)."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # pytest's importlib mode leaves it out

import kill_prepare
import pytest


@pytest.mark.long
def test_two_kills():
    assert kill_prepare.kill(2, seed=1, items=300) == []
