"""Sets of pictures that are compared: from a folder of files or from a catalogue."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_fashion.data import Catalogue, decode_picture
from keras_fashion.data.picture_checks import UnusablePicture, usable_picture
from keras_fashion.data.pictures import SUFFIXES
from keras_fashion.errors import InputError

_NO_NAME = re.compile(r'[/\\:*?"<>|%\x00-\x1f]|^\.|[. ]$')


def category_to_folder(category: str) -> str:
    """A name for a folder: characters that some file system refuses are written `%2F`."""
    return _NO_NAME.sub(lambda found: f"%{ord(found[0]):02X}", category)


def folder_to_category(folder: str) -> str:
    """The category of a folder that `category_to_folder` named; other names are as they are."""
    return unquote(folder)


@dataclass(frozen=True)
class PictureSet:
    """Pictures of one size and, where they are known, their categories.

    Attributes:
        pictures: (N, H, W, 3) uint8.
        categories: (N,) text, or None.
    """

    pictures: np.ndarray
    categories: np.ndarray | None

    def __len__(self) -> int:
        return len(self.pictures)

    def of(self, rows: np.ndarray) -> "PictureSet":
        """Those in some rows."""
        categories = None if self.categories is None else self.categories[rows]
        return PictureSet(self.pictures[rows], categories)


def picture_paths(folder: Path) -> list[Path]:
    """All picture files in a folder and below it, by path; hidden ones and linked folders left out.

    Raises:
        InputError: If there are none, or some of them are in sub-folders and some are not.
    """
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        found += [
            Path(place, name)
            for name in sorted(files)
            if name.lower().endswith(SUFFIXES) and not name.startswith(".")
        ]
    if not found:
        raise InputError(f"{folder} holds no pictures ({', '.join(SUFFIXES)}).")
    beside = [path for path in found if path.parent == folder]
    if beside and len(beside) < len(found):
        raise InputError(
            f"{folder} holds pictures in sub-folders, which are categories, and {beside[0].name} "
            "beside them; move it into one of them or elsewhere."
        )
    return found


def common_size(paths: Sequence[Path]) -> tuple[int, int]:
    """The height and width that all picture files have.

    Raises:
        InputError: If a file is no picture, or sizes differ.
    """
    first = None
    for path in paths:
        try:
            with Image.open(path) as picture:
                size = picture.height, picture.width
        except Exception as error:  # a broken file makes Pillow's parsers raise nearly anything
            raise _damaged(path) from error
        first = first or size
        if size != first:
            raise InputError(
                f"{path} is {size[0]}x{size[1]} and {paths[0].name} {first[0]}x{first[1]}; say "
                "with --picture-size to which size all are to be brought."
            )
    assert first
    return first


def pictures_in_folder(
    folder: Path, paths: Sequence[Path], picture_size: tuple[int, int]
) -> PictureSet:
    """Decodes picture files as a catalogue's pictures are: kept in proportion, on white.

    Args:
        folder: Whose sub-folders are the categories.
        paths: Files in it, by `picture_paths`.
        picture_size: Height and width in pixels.

    Raises:
        InputError: If a file is no picture.
    """
    decode = tf.function(lambda data: decode_picture(data, picture_size), autograph=False)
    pictures = np.empty((len(paths), *picture_size, 3), np.uint8)
    for row, path in enumerate(paths):
        try:
            pictures[row] = decode(tf.constant(usable_picture(Path.read_bytes, path)))
        except (UnusablePicture, tf.errors.OpError) as error:
            raise _damaged(path) from error
    names = [path.relative_to(folder).parts[0] for path in paths]
    if paths[0].parent == folder:
        return PictureSet(pictures, None)
    return PictureSet(pictures, np.array([folder_to_category(name) for name in names]))


def pictures_of_catalogue(catalogue: Catalogue, picture_size: tuple[int, int]) -> PictureSet:
    """All pictures of a catalogue, in item order."""
    table = catalogue.pictures(picture_size)
    categories = np.array(catalogue.categories)[catalogue.item_categories]
    return PictureSet(table[np.arange(len(table))], categories)


def drawn_rows(available: int, count: int | None, seed: int) -> np.ndarray:
    """At most `count` of so many rows, drawn without replacement, in order."""
    if count is None or count >= available:
        return np.arange(available)
    return np.sort(np.random.default_rng(seed).choice(available, count, replace=False))


def _damaged(path: Path) -> InputError:
    return InputError(f"{path} is damaged or no picture; mend it or remove it.")
