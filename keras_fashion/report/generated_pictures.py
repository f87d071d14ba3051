"""Pictures that a GAN draws, in folders of their categories."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from keras_fashion.catalogue import unscale
from keras_fashion.catalogue.folder_aside import folder_aside
from keras_fashion.errors import InputError
from keras_fashion.evaluation.category_folder import category_to_folder
from keras_fashion.run import Run

BATCH_SIZE = 64


def write_generated_pictures(
    gan: Run, out: Path, count: int, categories: Sequence[str] = (), seed: int = 0
) -> None:
    """Draws pictures and writes `<category>/00001.png` and on, numbered within each category.

    Args:
        gan: Run of a GAN.
        out: Folder to make; it is there once all pictures are.
        count: How many pictures.
        categories: In equal shares; by default drawn at random in the catalogue's proportions.
        seed: Of codes and categories.

    Raises:
        InputError: If the run is no GAN's, a category is unknown or the folder is not empty.
    """
    if gan.config["model"] != "gan":
        raise InputError(
            f"{gan.path} is a run of {gan.config['model']}; only that of a gan generates."
        )
    catalogue, model = gan.catalogue, gan.model
    random = np.random.default_rng(seed)
    if categories:
        named = np.array([catalogue.category_index(name) for name in dict.fromkeys(categories)])
        drawn = np.resize(named, count)
    else:
        drawn = random.choice(catalogue.item_categories, count)
    numbers = np.zeros(len(catalogue.categories), int)
    with folder_aside(out) as aside:
        for start in range(0, count, BATCH_SIZE):
            some = drawn[start : start + BATCH_SIZE].astype(np.int32)
            codes = random.uniform(-1, 1, (len(some), model.code_size)).astype(np.float32)
            pictures = unscale(model.generator([codes, some], training=False)).numpy()
            for category, picture in zip(some, pictures, strict=True):
                folder = aside / category_to_folder(catalogue.categories[category])
                folder.mkdir(exist_ok=True)
                numbers[category] += 1
                Image.fromarray(picture).save(folder / f"{numbers[category]:05}.png")
