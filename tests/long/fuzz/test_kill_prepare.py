"""A short run of the kills (`make fuzz`)."""

import kill_prepare


def test_two_kills():
    assert kill_prepare.kill(2, seed=1, items=300) == []
