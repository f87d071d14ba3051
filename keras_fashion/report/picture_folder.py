"""Designs as files: pictures, their codes, and a sheet."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image

from keras_fashion.written_aside import written_aside


def write_picture_folder(
    folder: Path, stem: str, pictures: np.ndarray, codes: np.ndarray, sheet: Image.Image
) -> list[Path]:
    """Writes stem_1.png and so on, codes.npy with a row for each, and sheet.png.

    All are written aside before the first takes its place; then pictures of higher numbers, of an
    earlier and longer row, are removed, for codes.npy no longer has them.

    Args:
        folder: Made where it does not exist.
        stem: Of the pictures' names.
        pictures: (n, H, W, 3) uint8.
        codes: (n, Z) float32.
        sheet: Of all.

    Returns:
        The pictures' paths.
    """
    paths = [folder / f"{stem}_{number}.png" for number in range(1, len(pictures) + 1)]
    with ExitStack() as stack:
        for path, picture in zip(paths, pictures, strict=True):
            Image.fromarray(picture).save(stack.enter_context(written_aside(path)), "PNG")
        sheet.save(stack.enter_context(written_aside(folder / "sheet.png")), "PNG")
        np.save(stack.enter_context(written_aside(folder / "codes.npy")), codes)
    for left in folder.glob(f"{stem}_*.png"):
        if left not in paths and left.stem.removeprefix(f"{stem}_").isdecimal():
            left.unlink()
    return paths
