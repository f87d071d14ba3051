"""When a training is to write a checkpoint."""

import re
from typing import NamedTuple

UNITS = {"s": 1, "m": 60, "h": 3600}


class CheckpointSchedule(NamedTuple):
    """Every so many steps, or at the end of the first step after so many seconds.

    Attributes:
        steps: None to go by the clock.
        seconds: From one checkpoint to the next.
    """

    steps: int | None = None
    seconds: float = 120.0

    @classmethod
    def parse(cls, text: str) -> "CheckpointSchedule":
        """Reads `500` (steps), `30s`, `10m` or `2h`; ValueError for anything else."""
        found = re.fullmatch(r"([1-9]\d*)([smh]?)", text)
        if not found:
            raise ValueError(f"{text!r} is neither a number of steps nor a time like 30s, 10m, 2h")
        number, unit = found.groups()
        return cls(seconds=int(number) * UNITS[unit]) if unit else cls(steps=int(number))
