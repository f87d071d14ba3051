"""The folder of the pictures of many items, with a file named after each item."""

import hashlib
import os
import re
from collections.abc import Container
from pathlib import Path

from keras_fashion.data.picture_checks import SUFFIXES


def find_pictures(folder: Path, stems: Container[str]) -> dict[str, Path]:
    """Finds the pictures of some items in a folder or in any folder below it.

    Args:
        folder: Folder to search. A folder that does not exist has no pictures.
        stems: The `file_stem` of each item.

    Returns:
        The path of the picture of each stem that has one; of several the first one by path.
    """
    found: dict[str, Path] = {}
    for place, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            name, suffix = os.path.splitext(file)
            if suffix.lower() in SUFFIXES and name in stems:
                found.setdefault(name, Path(place, file))
    return found


def file_stem(item: str) -> str:
    """Returns the name, without suffix, of the file with an item's picture.

    It is the item's id, or a digest of an id that could lead out of the folder or that differs
    from another one only by case, which some file systems ignore.

    Example:
        >>> file_stem("B00KGI2ZCC"), file_stem("../x")[:12]
        ('B00KGI2ZCC', 'item-d6b96a9')
    """
    if re.fullmatch(r"[0-9A-Z]{1,64}", item):
        return item
    return f"item-{hashlib.sha256(item.encode()).hexdigest()}"


def picture_path(folder: Path, item: str, suffix: str) -> Path:
    """Returns the path of an item's picture, in one of many folders, so that none grows large."""
    stem = file_stem(item)
    return folder / stem[-2:] / f"{stem}{suffix}"
