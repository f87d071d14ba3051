"""Sets of pictures to compare, read from a folder of files or from a catalogue."""

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
from keras_fashion.data.picture_checks import SUFFIXES, UnusablePicture, usable_picture
from keras_fashion.errors import InputError

_NOT_IN_NAMES = re.compile(r'[/\\:*?"<>|%\x00-\x1f]|^\.|[. ]$')


def category_to_folder(category: str) -> str:
    """Returns the name of a category's folder, without what some file system refuses.

    Such characters are written as `urllib.parse.quote` writes them, which itself would also quote
    spaces and letters beyond ASCII.

    Args:
        category: Name of the category.

    Returns:
        Name of the folder.

    Example:
        >>> from keras_fashion.evaluation import category_to_folder
        >>> category_to_folder("Women/Tops & Blouses")
        'Women%2FTops & Blouses'
    """
    return _NOT_IN_NAMES.sub(lambda found: f"%{ord(found[0]):02X}", category)


def folder_to_category(folder: str) -> str:
    """Returns the category of a folder that `category_to_folder` named; other names unchanged.

    Args:
        folder: Name of the folder.

    Returns:
        Name of the category.

    Example:
        >>> from keras_fashion.evaluation import folder_to_category
        >>> folder_to_category("Women%2FTops & Blouses")
        'Women/Tops & Blouses'
    """
    return unquote(folder)


@dataclass(frozen=True)
class PictureSet:
    """Pictures of one size and, if they are known, their categories.

    Attributes:
        pictures: Array of shape (N, H, W, 3), uint8.
        categories: Names of shape (N,), or None.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.evaluation import PictureSet
        >>> pictures = PictureSet(np.zeros((2, 8, 8, 3), np.uint8), np.array(["Bags", "Tops"]))
        >>> len(pictures), pictures.take(np.array([1])).categories.tolist()
        (2, ['Tops'])
    """

    pictures: np.ndarray
    categories: np.ndarray | None

    def __len__(self) -> int:
        return len(self.pictures)

    def take(self, rows: np.ndarray) -> "PictureSet":
        """Returns the pictures in some rows.

        Args:
            rows: Row numbers of shape (n,), int.
        """
        categories = None if self.categories is None else self.categories[rows]
        return PictureSet(self.pictures[rows], categories)


def picture_paths(folder: Path) -> list[Path]:
    """Lists all picture files in a folder and below it.

    Hidden files and folders are left out, and linked folders are not followed.

    Args:
        folder: The folder.

    Returns:
        The paths in order.

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
    """Returns the height and width that all picture files have.

    Args:
        paths: At least one file.

    Raises:
        InputError: If a file is not a picture, or sizes differ.
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
                f"{path} is {size[0]}x{size[1]} and {paths[0].name} {first[0]}x{first[1]}; give "
                "`picture_size`, the size that all are brought to."
            )
    assert first
    return first


def pictures_in_folder(
    folder: Path, paths: Sequence[Path], picture_size: tuple[int, int]
) -> PictureSet:
    """Decodes picture files as a catalogue's pictures are: kept in proportion, on white.

    Args:
        folder: Folder whose sub-folders are the categories.
        paths: Files in it, as `picture_paths` lists them.
        picture_size: Height and width in pixels.

    Returns:
        The pictures, without categories if the files lie in the folder itself.

    Raises:
        InputError: If a file is not a picture.
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
    """Returns all pictures of a catalogue, in item order.

    Args:
        catalogue: The catalogue.
        picture_size: Height and width in pixels.

    Example:
        >>> from types import SimpleNamespace
        >>> import numpy as np
        >>> from keras_fashion.evaluation import pictures_of_catalogue
        >>> catalogue = SimpleNamespace(
        ...     categories=["Bags", "Tops"],
        ...     item_categories=np.array([1, 0]),
        ...     pictures=lambda size: np.zeros((2, *size, 3), np.uint8),
        ... )
        >>> pictures_of_catalogue(catalogue, (64, 64)).categories.tolist()
        ['Tops', 'Bags']
    """
    store = catalogue.pictures(picture_size)
    categories = np.array(catalogue.categories)[catalogue.item_categories]
    return PictureSet(store[np.arange(len(store))], categories)


def sample_rows(num_rows: int, count: int | None, seed: int) -> np.ndarray:
    """Draws row numbers without replacement.

    Args:
        num_rows: Number of rows to draw from.
        count: Number of rows to draw; all if it is None or exceeds `num_rows`.
        seed: Seed of the draw.

    Returns:
        Row numbers in increasing order, int.
    """
    if count is None or count >= num_rows:
        return np.arange(num_rows)
    return np.sort(np.random.default_rng(seed).choice(num_rows, count, replace=False))


def _damaged(path: Path) -> InputError:
    return InputError(f"{path} is damaged or not a picture; repair it or remove it.")
