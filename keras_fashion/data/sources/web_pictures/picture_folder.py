"""Pictures in a folder, each in a file named after its item."""

import hashlib
import os
import re
from collections.abc import Container
from pathlib import Path

from keras_fashion.data.pictures import SUFFIXES

_PLAIN = re.compile(r"[0-9A-Z]{1,64}")


def find_pictures(folder: Path, items: Container[str]) -> dict[str, Path]:
    """Finds the pictures of some items, in the folder or in any below it.

    The picture of an item is the file whose name without its suffix is `stem(item)`; of several
    the first by path is taken.

    Args:
        folder: Where to look. A folder that does not exist has no pictures.
        items: The stems that are wanted.

    Returns:
        Paths by stem.
    """
    found: dict[str, Path] = {}
    for place, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            name, suffix = os.path.splitext(file)
            if suffix.lower() in SUFFIXES and name in items:
                found.setdefault(name, Path(place, file))
    return found


def stem(item: str) -> str:
    """The name, without suffix, of the file with an item's picture.

    It is the id, or a digest of it where the id could name a place outside the folder or is taken
    for another by a file system that does not tell capitals from small letters.
    """
    return item if _PLAIN.fullmatch(item) else f"item-{hashlib.sha256(item.encode()).hexdigest()}"


def place(folder: Path, item: str, suffix: str) -> Path:
    """Where to put the picture of an item: in one of many folders, none of which grows large."""
    name = stem(item)
    return folder / name[-2:] / f"{name}{suffix}"
