"""Trained models that come with the package: their files, and how a model is made as small.

`recipes/pretrained_atelier.py` trains and writes them.
"""

import json
import tempfile
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np

PRETRAINED_FOLDER = Path(__file__).parents[1] / "pretrained"
"""Folder of the package with a folder for each world, such as `atelier/gan.keras`."""

_OPTIMIZERS = ("optimizer", "generator_optimizer", "discriminator_optimizer")


def pretrained_names() -> list[str]:
    """Returns the names under which `keras_fashion.models.load` opens what comes with the package.

    Example:
        >>> pretrained_names()
        ['atelier/dvbpr', 'atelier/gan']
    """
    files = PRETRAINED_FOLDER.glob("*/*.keras")
    return sorted(f"{file.parent.name}/{file.stem}" for file in files)


def save_half_precision(model: keras.Model, path: str | Path) -> None:
    """Saves a trained model for use, with weights of half precision and without its optimizers.

    `keras_fashion.models.load` opens the file, and gives the weights the dtype that the model had.
    They are rounded to 11 significant bits. Of a GAN, the average of the generator's weights also
    takes the place of the generator that is trained, so that it is stored once.

    Args:
        model: The model.
        path: File to write, which ends in `.keras`.

    Raises:
        ValueError: If a weight is too large for half precision (65,504), or not finite.

    Example:
        >>> from keras_fashion.models import PopRank, load
        >>> model = PopRank(num_users=2, num_items=3)
        >>> model.adapt(np.array([5, 1, 2]))
        >>> save_half_precision(model, "small.keras")
        >>> load("small.keras").scoring_vectors().scores(np.array([0])).argmax()
        np.int64(0)
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model.save(folder / "whole.keras")
        with zipfile.ZipFile(folder / "whole.keras") as archive:
            archive.extractall(folder)
        with (
            h5py.File(folder / "model.weights.h5") as weights,
            h5py.File(folder / "half.h5", "w", libver="latest") as half,
        ):
            has_average = "ema_generator" in weights
            left_out = (*_OPTIMIZERS, *(["generator"] if has_average else []))
            for name in weights:
                if name not in left_out:
                    _copy_halved(weights[name], half, name)
            if has_average:
                half["generator"] = half["ema_generator"]  # a second link to the same arrays
        config = json.loads((folder / "config.json").read_text())
        config.pop("compile_config", None)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(folder / "metadata.json", "metadata.json")
            archive.writestr("config.json", json.dumps(config))
            archive.write(folder / "half.h5", "model.weights.h5")


def _copy_halved(source: h5py.Group | h5py.Dataset, target: h5py.Group, name: str) -> None:
    if isinstance(source, h5py.Group):
        copy = target.create_group(name)
        for each in source:
            _copy_halved(source[each], copy, each)
    else:
        array = source[()]
        if np.issubdtype(array.dtype, np.floating):
            with np.errstate(over="ignore"):  # which is reported by name
                array = array.astype(np.float16)
            if not np.isfinite(array).all():
                raise ValueError(f"`{source.name}` has values beyond half precision")
        copy = target.create_dataset(name, data=array)
    copy.attrs.update(source.attrs)
