"""The run folder: what a training writes, and everything that is needed to use its model."""

import csv
import json
import platform
import shutil
import zipfile
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import keras
import numpy as np
import tensorflow as tf

import keras_fashion
from keras_fashion.app.split_choice import SplitChoice, divide
from keras_fashion.app.version_0_1 import present_history, present_options
from keras_fashion.atomic_files import atomic_write
from keras_fashion.data import (
    Catalogue,
    Split,
    TemporalSplit,
    TimeCut,
    picture_batches,
)
from keras_fashion.errors import InputError
from keras_fashion.features.averages import encoder_inputs
from keras_fashion.models.loading import load
from keras_fashion.models.recommender import Recommender
from keras_fashion.models.registry import recommender_class
from keras_fashion.models.visual_recommender import VisualRecommender


class Run:
    """A run folder.

    It contains:

    - `config.json`: all options, the seed, the catalogue and its fingerprint, library versions.
    - `split.csv`: a copy of the split, if a file was given.
    - `model.keras`: the model, of the best epoch of a recommender or of the last epoch of a GAN.
    - `metrics.json`: training time, and whether the training was interrupted or has failed.
    - `history.csv`: the logs of each epoch.
    - `vectors.npz`: the scoring vectors of a recommender.
    - `samples/`: the sample grids of a GAN.
    - `checkpoints/`: checkpoints of an unfinished training, and the last one of a GAN.
    - `logs/`: event files for TensorBoard.

    Args:
        path: Path of the folder.

    Example:
        >>> import json, tempfile
        >>> from pathlib import Path
        >>> folder = Path(tempfile.mkdtemp())
        >>> config = {"model": "bprmf", "seed": 3, "catalogue": "/shop", "fingerprint": "e5c1"}
        >>> _ = (folder / "config.json").write_text(json.dumps(config))
        >>> run = Run(folder)
        >>> run.config["model"], run.split_seed
        ('bprmf', 3)
        >>> run.metrics
        {}
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @classmethod
    def create(cls, path: str | Path, config: dict[str, Any], catalogue: Catalogue) -> "Run":
        """Creates a run folder with its `config.json`.

        A run that was stopped before its first epoch ended is replaced.

        Args:
            path: Path of the folder.
            config: Content of `config.json`, without the catalogue and the library versions.
            catalogue: Catalogue that the model is trained on.

        Returns:
            The run.

        Raises:
            InputError: If the folder exists, is not empty, and is not such a run.
        """
        path = Path(path)
        if not (path / "model.keras").is_file():
            with suppress(InputError):  # A folder that is not a run must not be removed.
                cls(path).config  # noqa: B018
                remove_run(path)
        if path.exists() and (not path.is_dir() or any(map(_is_visible, path.iterdir()))):
            raise InputError(f"{path} exists and is not empty; name another folder with --out.")
        path.mkdir(parents=True, exist_ok=True)
        run = cls(path)
        run.write_json(
            "config.json",
            config
            | {
                "catalogue": catalogue.address,
                "fingerprint": catalogue.fingerprint,
                "versions": library_versions(),
            },
        )
        return run

    @cached_property
    def config(self) -> dict[str, Any]:
        """Content of `config.json`, with the present names of options.

        Raises:
            InputError: If the folder is not a run folder.
        """
        config = self._read_json("config.json")
        missing = {"model", "catalogue", "fingerprint", "seed"} - set(config)
        if missing:
            raise InputError(
                f"{self.path} is not a run folder (its config.json lacks "
                f"{', '.join(sorted(missing))}); make one with `keras-fashion train`."
            )
        if isinstance(options := config.get("options"), dict):
            config["options"] = present_options(options)
        return config

    @cached_property
    def model(self) -> keras.Model:
        """The trained model.

        Raises:
            InputError: If no epoch of the training has ended.
        """
        path = self.path / "model.keras"
        if not path.is_file():
            raise InputError(f"{self.path} holds no trained model; run its training again.")
        return load(path)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The catalogue that the model was trained on.

        Raises:
            InputError: If the catalogue was removed or has changed.
        """
        catalogue = Catalogue.load(self.config["catalogue"])
        if catalogue.fingerprint != self.config["fingerprint"]:
            raise InputError(
                f"{self.path} was trained on another catalogue than the one that is now in "
                f"{catalogue.path} (fingerprints {self.config['fingerprint'][:12]} and "
                f"{catalogue.fingerprint[:12]}); train again, or restore the old catalogue."
            )
        return catalogue

    @cached_property
    def split(self) -> Split:
        """The split that the recommender was trained on.

        Raises:
            InputError: If the run is not that of a recommender.
        """
        self._require_recommender()
        choice: SplitChoice = self.time_cut
        if (self.path / "split.csv").is_file():
            choice = self.path / "split.csv"
        elif self.is_last_out:
            choice = "last-out"
        return divide(self.catalogue, choice, self.split_seed)

    @property
    def time_cut(self) -> TimeCut | None:
        """The days at which the interactions were divided; None for another split."""
        cut = self.config.get("time_cut")
        return None if cut is None else TimeCut(**cut)

    @property
    def is_last_out(self) -> bool:
        """Whether each user's last interactions were held out, by `last_out`."""
        return self.config.get("last_out", False)

    @property
    def split_seed(self) -> int:
        """Seed of the split, where no file was given. Runs that do not record it used `seed`."""
        return self.config.get("split_seed", self.config["seed"])

    @property
    def metrics(self) -> dict[str, Any]:
        """Content of `metrics.json`, which is empty before the training has written it."""
        return self._read_json("metrics.json") if (self.path / "metrics.json").is_file() else {}

    @cached_property
    def vectors(self) -> Any:
        """The recommender's scoring vectors after training.

        Raises:
            InputError: If the run is not that of a recommender, or if the vectors are missing or
                damaged.
        """
        self._require_recommender()
        path = self.path / "vectors.npz"
        if not path.is_file():
            raise InputError(
                f"{self.path} has no vectors of its model yet, because its training was stopped; "
                "run the same command again."
            )
        try:
            with np.load(path) as arrays:
                return recommender_class(self.config["model"]).scorer(**arrays)
        except (ValueError, OSError, TypeError, zipfile.BadZipFile) as error:
            raise InputError(f"{path} is damaged ({error}); run its training again.") from error

    def held_out_vectors(self, split: Split, part: str) -> Any:
        """Computes with what held-out interactions are ranked, at their times.

        Args:
            split: Split of the run, or the same with some of its test interactions.
            part: "validation" or "test".

        Returns:
            What `rank_held_out` takes: `vectors`, unless the model's users change with time.
        """
        if isinstance(split, TemporalSplit) and isinstance(self.model, VisualRecommender):
            return self.model.held_out_vectors(self.vectors.items, split, part)
        return self.vectors

    def items_bought(self, user: int) -> np.ndarray:
        """Returns the dense indices of what a user bought, (n,) int."""
        return self.catalogue.items_of(user)

    def trained_user(self, user_id: str) -> int:
        """Returns the dense index of a user whom the model was trained on.

        Args:
            user_id: Id of the user.

        Raises:
            InputError: If the user is unknown or has no interaction in the training part.
        """
        user = self.catalogue.user_index(user_id)
        if not len(self.split.items_of(user)):
            raise InputError(
                f"{self.path} was not trained on user {user_id!r}: none of their "
                f"{len(self.catalogue.items_of(user))} item(s) is in the training part of its "
                "split (which, unless it was given, takes users with at least 5 items)."
            )
        return user

    def newcomer_vector(self, history: np.ndarray) -> np.ndarray:
        """Computes the vector of a user whom the model was not trained on.

        Args:
            history: (H,) int, dense indices of the items that they bought.

        Returns:
            The user's vector, as in `vectors`.

        Raises:
            InputError: If the model does not compute users from their history.
        """
        if not getattr(self.model, "with_history", False):
            raise InputError(
                f"{self.path} knows only the users whom it was trained on; train vbpr or dvbpr "
                "with --history 64 to serve others from what they bought."
            )
        return self.model.newcomer_vector(history, self.vectors)

    def save_model(self, model: keras.Model) -> None:
        """Replaces `model.keras` atomically, and removes the vectors of the previous model.

        Args:
            model: The model.
        """
        with atomic_write(self.path / "model.keras") as temporary:
            model.save(temporary)
            (self.path / "vectors.npz").unlink(missing_ok=True)

    def write_vectors(self) -> None:
        """Writes `vectors.npz`, so that pictures need not be embedded again for each use."""
        encoder = getattr(self.model, "encoder", None)
        pictures = None
        if encoder is not None:
            pictures = picture_batches(encoder_inputs(self.catalogue, encoder))
        arguments = {"pictures": pictures, "train": self.split.train}
        if isinstance(self.model, Recommender):
            arguments["train_days"] = self.split.days_of("train")
        with atomic_write(self.path / "vectors.npz") as temporary:
            np.savez(temporary, **self.model.scoring_vectors(**arguments)._asdict())

    def write_metrics(
        self, seconds: float, interrupted: bool = False, failed: str | None = None
    ) -> None:
        """Writes `metrics.json`.

        Args:
            seconds: Training time so far, in seconds.
            interrupted: Whether the training has not ended.
            failed: Why the training cannot be continued; None if it can.
        """
        metrics = {"training_seconds": seconds, "interrupted": interrupted, "failed": failed}
        self.write_json("metrics.json", metrics)

    def truncate_history(self, num_epochs: int) -> None:
        """Removes the rows of later epochs from `history.csv`, and rows that are incomplete.

        A process that was killed may have logged epochs that its last checkpoint does not include.

        Args:
            num_epochs: Number of epochs to keep.
        """
        history = self.path / "history.csv"
        if not history.is_file():
            return
        with open(history, newline="") as file:
            header, *rows = list(csv.reader(file)) or [[]]
        complete = (row for row in rows if len(row) == len(header) and row[0].isdigit())
        columns, kept = present_history(
            header, [row for row in complete if int(row[0]) < num_epochs]
        )
        if (columns, kept) != (header, rows):
            with atomic_write(history) as temporary, open(temporary, "w", newline="") as file:
                csv.writer(file).writerows([columns, *kept] if header else [])

    def write_json(self, name: str, content: Any) -> None:
        """Replaces a JSON file of the run atomically.

        Args:
            name: Name of the file.
            content: Anything that `json` can write.
        """
        with atomic_write(self.path / name) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n")

    def _read_json(self, name: str) -> dict[str, Any]:
        try:
            content = json.loads((self.path / name).read_text())
        except (OSError, ValueError) as error:
            raise InputError(
                f"{self.path} is not a run folder ({error}); make one with `keras-fashion train`."
            ) from error
        if not isinstance(content, dict):
            raise InputError(
                f"{self.path / name} was not written by `keras-fashion train`: it is not a JSON "
                "object."
            )
        return content

    def _require_recommender(self) -> None:
        if "split" not in self.config:
            raise InputError(f"{self.path} is not the run of a recommender.")


def remove_run(path: Path) -> None:
    """Removes a run folder.

    The folder is renamed first. If the process is killed meanwhile, nothing is left at `path` that
    could be taken for a run.

    Args:
        path: Path of the folder.
    """
    renamed = path.absolute().with_name(f".{path.absolute().name}.{uuid4().hex}.removed")
    path.rename(renamed)
    shutil.rmtree(renamed)


def library_versions() -> dict[str, str]:
    """Returns the versions of this package, of Python, and of the libraries that affect results.

    Example:
        >>> sorted(library_versions())
        ['keras', 'keras_fashion', 'numpy', 'python', 'tensorflow']
    """
    return {
        "keras_fashion": keras_fashion.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def _is_visible(path: Path) -> bool:
    """Returns whether a file is not a temporary file that a killed process has left."""
    return not path.name.startswith(".")
