"""Opening models that `Model.save` has written, also by earlier versions of this package."""

import json
import tempfile
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import keras

from keras_fashion.errors import InputError
from keras_fashion.models.pretrained import PRETRAINED_FOLDER, pretrained_names
from keras_fashion.models.registry import RECOMMENDERS

_RENAMED_ARGUMENTS = {
    "user_count": "num_users",
    "item_count": "num_items",
    "category_count": "num_categories",
    "column_count": "num_columns",
    "value_count": "num_values",
    "code_size": "latent_dim",
    "style_size": "embedding_size",
    "regularisation": "regularization",
    "embedding_regularisation": "embedding_regularization",
    "encoder_regularisation": "encoder_regularization",
}
"""Constructor arguments of version 0.1, and what they are called since 0.2."""

_RENAMED_LAYERS = {"normalise": "normalize", "standardise": "standardize"}
"""Attributes of version 0.1 that hold layers; weights are stored under them."""


def load(path: str | Path) -> keras.Model:
    """Opens a model that was trained with this package, of this version or an earlier one.

    Args:
        path: A `.keras` file, or a folder with a `model.keras`, such as a run folder; or the name
            of a model that comes with the package: "atelier/dvbpr", a recommender trained on the
            built-in atelier, or "atelier/gan", a GAN of its garments.

    Returns:
        The model with its weights, compiled as it was saved. Those that come with the package are
        not compiled.

    Raises:
        InputError: If there is no such file, or it holds no model of this package.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.models import PopRank, load
        >>> model = PopRank(num_users=2, num_items=3)
        >>> model.adapt(np.array([5, 1, 2]))
        >>> model.save("poprank.keras")
        >>> load("poprank.keras").scoring_vectors().scores(np.array([0])).argmax()
        np.int64(0)
    """
    name, path = str(path), Path(path)
    if path.is_dir():
        path = path / "model.keras"
    elif not path.exists() and name in pretrained_names():
        path = PRETRAINED_FOLDER / f"{name}.keras"
    if not path.is_file():
        raise InputError(
            f"{path} does not exist: it is where a trained model would be. The models that come "
            f"with the package are {', '.join(pretrained_names())}."
        )
    # Their import registers the classes that a file may hold.
    for module in (
        "category_classifier",
        "gan_presets",
        *(e.module for e in RECOMMENDERS.values()),
    ):
        import_module(f"keras_fashion.models.{module}")
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
        renamed = _renamed(config)
        if renamed == config:
            return keras.saving.load_model(path)
        with tempfile.TemporaryDirectory() as folder:
            return keras.saving.load_model(_converted(path, renamed, Path(folder)))
    except (ValueError, OSError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path} is damaged or was written by another version ({error!r}); train it again."
        ) from error


def _renamed(config: Any) -> Any:
    """Returns the same nested structure with the present names of arguments."""
    if isinstance(config, dict):
        return {_RENAMED_ARGUMENTS.get(k, k): _renamed(value) for k, value in config.items()}
    if isinstance(config, list):
        return [_renamed(value) for value in config]
    return config


def _converted(path: Path, config: Any, folder: Path) -> Path:
    """Writes a copy of a `.keras` file with another config and the layers' present names."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    (folder / "config.json").write_text(json.dumps(config))
    with h5py.File(folder / "model.weights.h5", "r+") as weights:
        if "apprentice" in weights:  # The trained generator, beside `generator`, its average.
            weights.move("generator", "ema_generator")
            weights.move("apprentice", "generator")
        groups: list[str] = []
        weights.visit(groups.append)
        for group in reversed(groups):
            parent, _, name = group.rpartition("/")
            if name in _RENAMED_LAYERS:
                weights.move(group, f"{parent}/{_RENAMED_LAYERS[name]}".lstrip("/"))
    copy = folder / "converted.keras"
    with zipfile.ZipFile(copy, "w") as archive:
        for name in ("metadata.json", "config.json", "model.weights.h5"):
            archive.write(folder / name, name)
    return copy
