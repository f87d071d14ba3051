"""The ways in which a training divides the interactions of a catalogue."""

from pathlib import Path
from typing import Literal, TypeAlias

from keras_fashion.data import (
    Catalogue,
    Split,
    TimeCut,
    last_out,
    leave_one_out,
    read_split,
    temporal_split,
)

SplitChoice: TypeAlias = Path | TimeCut | Literal["last-out"] | None
"""A CSV file with the split, the days of a temporal one, `last_out`, or `leave_one_out` (None)."""


def divide(catalogue: Catalogue, choice: SplitChoice, seed: int) -> Split:
    """Divides the interactions of a catalogue.

    Args:
        catalogue: The prepared catalogue.
        choice: How to divide them.
        seed: Seed of `leave_one_out` and `last_out`.

    Raises:
        InputError: If the split does not fit the catalogue.

    Example:
        >>> import tempfile
        >>> from keras_fashion.data import Atelier, prepare
        >>> folder = Path(tempfile.mkdtemp()) / "shop"
        >>> _ = prepare(Atelier(users=4, items=30, size=16), folder)
        >>> len(divide(Catalogue.load(folder), None, seed=0).test)
        4
    """
    if choice is None:
        return leave_one_out(catalogue, seed)
    if isinstance(choice, TimeCut):
        return temporal_split(catalogue, choice)
    if isinstance(choice, Path):
        return read_split(choice, catalogue)
    return last_out(catalogue, seed)
