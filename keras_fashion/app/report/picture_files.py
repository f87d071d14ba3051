"""Folders of generated pictures."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image

from keras_fashion.app.run import Run
from keras_fashion.app.run_checks import require_gan
from keras_fashion.atomic_files import atomic_folder, atomic_write
from keras_fashion.evaluation.picture_set import PictureSet, category_to_folder


def generate_pictures(
    gan: Run, count: int, categories: Sequence[str] = (), seed: int = 0
) -> PictureSet:
    """Draws pictures of random latents.

    Args:
        gan: Run of a GAN.
        count: Number of pictures, N.
        categories: Names of categories, which get equal shares. By default the categories are
            drawn at random in the catalogue's proportions.
        seed: Seed of the latents and the categories.

    Returns:
        N pictures with their categories.

    Raises:
        InputError: If the run is not the run of a GAN or a category is unknown.
    """
    catalogue, model = require_gan(gan).catalogue, gan.model
    random = np.random.default_rng(seed)
    if categories:
        named = np.array([catalogue.category_index(name) for name in dict.fromkeys(categories)])
        drawn = np.resize(named, count)
    else:
        drawn = random.choice(catalogue.item_categories, count)
    latents = random.uniform(-1, 1, (count, model.latent_dim)).astype(np.float32)
    pictures = model.draw(latents, drawn)
    return PictureSet(pictures, np.array(catalogue.categories)[drawn])


def write_pictures_by_category(pictures: PictureSet, out: Path) -> None:
    """Writes pictures to `<category>/00001.png` and so on, numbered within each category.

    Args:
        pictures: Pictures with their categories.
        out: Folder to make. It appears when all pictures are written.

    Raises:
        ValueError: If the pictures have no categories.
        InputError: If the folder exists and is not empty.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from pathlib import Path
        >>> from keras_fashion.evaluation.picture_set import PictureSet
        >>> pictures = PictureSet(np.zeros((2, 8, 8, 3), np.uint8), np.array(["Bags", "Tops"]))
        >>> out = Path(tempfile.mkdtemp()) / "out"
        >>> write_pictures_by_category(pictures, out)
        >>> sorted(str(path.relative_to(out)) for path in out.glob("*/*"))
        ['Bags/00001.png', 'Tops/00001.png']
    """
    if pictures.categories is None:
        raise ValueError("the pictures have no categories")
    numbers: Counter[str] = Counter()
    with atomic_folder(out) as aside:
        for picture, category in zip(pictures.pictures, pictures.categories, strict=True):
            folder = aside / category_to_folder(category)
            folder.mkdir(exist_ok=True)
            numbers[category] += 1
            Image.fromarray(picture).save(folder / f"{numbers[category]:05}.png")


def write_numbered_pictures(
    folder: Path, stem: str, pictures: np.ndarray, latents: np.ndarray, sheet: Image.Image
) -> list[Path]:
    """Writes pictures to `<stem>_1.png` and so on, `latents.npy` and `sheet.png`.

    All files are written under other names before the first is renamed. Then pictures with higher
    numbers are removed, which an earlier call with more pictures has left, because `latents.npy`
    no longer has their latents.

    Args:
        folder: Folder of the files, which is made if it does not exist.
        stem: Beginning of the pictures' names.
        pictures: Pictures of shape (n, H, W, 3), uint8.
        latents: Latents of the pictures, of shape (n, Z), float32.
        sheet: A sheet of all pictures.

    Returns:
        Paths of the pictures.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> folder = Path(tempfile.mkdtemp())
        >>> pictures = np.zeros((2, 8, 8, 3), np.uint8)
        >>> sheet = Image.new("RGB", (16, 8))
        >>> paths = write_numbered_pictures(folder, "design", pictures, np.zeros((2, 4)), sheet)
        >>> sorted(path.name for path in folder.iterdir())
        ['design_1.png', 'design_2.png', 'latents.npy', 'sheet.png']
    """
    paths = [folder / f"{stem}_{number}.png" for number in range(1, len(pictures) + 1)]
    with ExitStack() as stack:
        for path, picture in zip(paths, pictures, strict=True):
            Image.fromarray(picture).save(stack.enter_context(atomic_write(path)), "PNG")
        sheet.save(stack.enter_context(atomic_write(folder / "sheet.png")), "PNG")
        np.save(stack.enter_context(atomic_write(folder / "latents.npy")), latents)
    for path in folder.glob(f"{stem}_*.png"):
        if path not in paths and path.stem.removeprefix(f"{stem}_").isdecimal():
            path.unlink()
    return paths
