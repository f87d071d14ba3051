"""Folders of generated pictures."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image

from keras_fashion.app.run import Run, generating_run
from keras_fashion.atomic_files import atomic_folder, atomic_write
from keras_fashion.evaluation.picture_set import PictureSet, category_to_folder


def drawn_pictures(
    gan: Run, count: int, categories: Sequence[str] = (), seed: int = 0
) -> PictureSet:
    """Pictures of random latents.

    Args:
        gan: Run of a GAN.
        count: N, how many pictures.
        categories: In equal shares; by default drawn at random in the catalogue's proportions.
        seed: Of latents and categories.

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
    latents = random.uniform(-1, 1, (count, model.latent_dim)).astype(np.float32)
    pictures = model.draw(latents, drawn)
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
    with atomic_folder(out) as aside:
        for picture, category in zip(pictures.pictures, pictures.categories, strict=True):
            folder = aside / category_to_folder(category)
            folder.mkdir(exist_ok=True)
            numbers[category] += 1
            Image.fromarray(picture).save(folder / f"{numbers[category]:05}.png")


def write_picture_folder(
    folder: Path, stem: str, pictures: np.ndarray, latents: np.ndarray, sheet: Image.Image
) -> list[Path]:
    """Writes stem_1.png and so on, latents.npy with a row for each, and sheet.png.

    All are written aside before the first takes its place; then pictures of higher numbers, of an
    earlier and longer row, are removed, for latents.npy no longer has them.

    Args:
        folder: Made where it does not exist.
        stem: Of the pictures' names.
        pictures: (n, H, W, 3) uint8.
        latents: (n, Z) float32.
        sheet: Of all.

    Returns:
        The pictures' paths.
    """
    paths = [folder / f"{stem}_{number}.png" for number in range(1, len(pictures) + 1)]
    with ExitStack() as stack:
        for path, picture in zip(paths, pictures, strict=True):
            Image.fromarray(picture).save(stack.enter_context(atomic_write(path)), "PNG")
        sheet.save(stack.enter_context(atomic_write(folder / "sheet.png")), "PNG")
        np.save(stack.enter_context(atomic_write(folder / "latents.npy")), latents)
    for left in folder.glob(f"{stem}_*.png"):
        if left not in paths and left.stem.removeprefix(f"{stem}_").isdecimal():
            left.unlink()
    return paths
