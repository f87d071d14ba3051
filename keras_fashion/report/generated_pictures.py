"""Pictures that a GAN draws, in folders of their categories."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from keras_fashion.catalogue.folder_aside import folder_aside
from keras_fashion.evaluation.category_folder import category_to_folder
from keras_fashion.evaluation.picture_set import PictureSet
from keras_fashion.run import Run, generating_run


def drawn_pictures(
    gan: Run, count: int, categories: Sequence[str] = (), seed: int = 0
) -> PictureSet:
    """Pictures of random codes.

    Args:
        gan: Run of a GAN.
        count: N, how many pictures.
        categories: In equal shares; by default drawn at random in the catalogue's proportions.
        seed: Of codes and categories.

    Returns:
        N pictures with their categories.

    Raises:
        InputError: If the run is no GAN's or a category is unknown.
    """
    catalogue, model = generating_run(gan).catalogue, gan.model
    random = np.random.default_rng(seed)
    if categories:
        named = np.array([catalogue.category_index(name) for name in dict.fromkeys(categories)])
        drawn = np.resize(named, count)
    else:
        drawn = random.choice(catalogue.item_categories, count)
    codes = random.uniform(-1, 1, (count, model.code_size)).astype(np.float32)
    pictures = model.draw(codes, drawn)
    return PictureSet(pictures, np.array(catalogue.categories)[drawn])


def write_pictures(pictures: PictureSet, out: Path) -> None:
    """Writes `<category>/00001.png` and on, numbered within each category.

    Args:
        pictures: With their categories.
        out: Folder to make; it is there once all pictures are.

    Raises:
        InputError: If the folder is not empty.
    """
    numbers: Counter[str] = Counter()
    with folder_aside(out) as aside:
        for picture, category in zip(pictures.pictures, pictures.categories, strict=True):
            folder = aside / category_to_folder(category)
            folder.mkdir(exist_ok=True)
            numbers[category] += 1
            Image.fromarray(picture).save(folder / f"{numbers[category]:05}.png")
