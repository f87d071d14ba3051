"""Run folders of the trained models that come with the package."""

import json
from pathlib import Path
from typing import Any

from keras_fashion.app.run import Run
from keras_fashion.atomic_files import atomic_folder
from keras_fashion.data import Atelier, Catalogue, prepare
from keras_fashion.models.loading import load
from keras_fashion.models.pretrained import PRETRAINED_FOLDER, pretrained_names

TRAINING_FILE = "training.json"
"""File beside the models that says how they were trained and what was measured with them."""


def pretrained_training(name: str) -> dict[str, Any]:
    """Returns how the models of a world that come with the package were trained.

    Args:
        name: Name of the world, "atelier".

    Returns:
        The arguments of `Atelier` ("catalogue"), the `config.json` of each run ("runs"), the
        seconds that each training took ("seconds"), and what was measured with the models
        ("measured").

    Example:
        >>> training = pretrained_training("atelier")
        >>> sorted(training["runs"])
        ['dvbpr', 'gan']
    """
    return json.loads((PRETRAINED_FOLDER / name / TRAINING_FILE).read_text())


def unpack_pretrained(name: str, out: str | Path) -> list[Path]:
    """Writes the trained models that come with the package as runs, and draws their catalogue.

    All commands and recipes can use the runs like runs that were trained here, except that their
    training cannot be continued. The folder is complete or does not exist.

    Args:
        name: Name of the world, "atelier".
        out: Folder to create. It may exist if it is empty.

    Returns:
        The folders of the catalogue and of the runs.

    Raises:
        InputError: If `out` is taken.
    """
    out = Path(out)
    training = pretrained_training(name)
    models = [each.partition("/")[2] for each in pretrained_names() if each.startswith(f"{name}/")]
    with atomic_folder(out) as folder:
        prepare(Atelier(**training["catalogue"]), folder / "catalogue", name=name)
        catalogue = Catalogue.load(folder / "catalogue")
        for model in models:
            run = Run.create(folder / model, training["runs"][model], catalogue)
            run.save_model(load(f"{name}/{model}"))
            run.write_metrics(seconds=training["seconds"][model])
            if "split" in run.config:
                run.write_vectors()
            # The folder is renamed when it is complete.
            run.write_json(
                "config.json", run.config | {"catalogue": str(out.absolute() / "catalogue")}
            )
    return [out / each for each in ("catalogue", *models)]
