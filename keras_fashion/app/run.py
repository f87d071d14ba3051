"""A run: the folder that a training leaves, and all that is needed to use its model."""

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
from keras_fashion.atomic_files import atomic_write
from keras_fashion.data import Catalogue, Split, leave_one_out, picture_batches, read_split
from keras_fashion.errors import InputError
from keras_fashion.models.loading import load
from keras_fashion.models.recommender import ScoringVectors
from keras_fashion.models.visrank import NearestItemScores

RENAMED_OPTIONS = {
    "regularisation": "regularization",
    "encoder_regularisation": "encoder_regularization",
    "style_size": "embedding_size",
    "metrics_count": "num_metrics_pictures",
}
"""Options of version 0.1, and what they are called since 0.2."""


class Run:
    """A run folder.

    Holds `config.json` (every option, the seed, the catalogue and its fingerprint, library
    versions), `split.csv` (if one was given), `model.keras` (a recommender's best epoch, a GAN's
    last), `metrics.json`, `history.csv` (a row an epoch), `vectors.npz` (a recommender's scoring
    vectors), `samples/` (a GAN's sample grids), `checkpoints/` (of an unfinished training, and a
    GAN's last) and `logs/` for TensorBoard.

    Args:
        path: The folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @classmethod
    def create(cls, path: str | Path, config: dict[str, Any], catalogue: Catalogue) -> "Run":
        """Starts a run folder.

        Raises:
            InputError: If the folder exists and is neither empty nor a run that ended before its
            first epoch, which is replaced.
        """
        path = Path(path)
        if not (path / "model.keras").is_file():
            with suppress(InputError):  # for what is no run is not ours to replace
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
                "versions": versions(),
            },
        )
        return run

    @cached_property
    def config(self) -> dict[str, Any]:
        """What the run was started with; InputError if the folder is no run."""
        config = self._read_json("config.json")
        missing = {"model", "catalogue", "fingerprint", "seed"} - set(config)
        if missing:
            raise InputError(
                f"{self.path} is not a run folder (its config.json lacks "
                f"{', '.join(sorted(missing))}); make one with `keras-fashion train`."
            )
        options = config.get("options")
        if isinstance(options, dict):
            names = {name: RENAMED_OPTIONS.get(name, name) for name in options}
            config["options"] = {names[name]: value for name, value in options.items()}
        return config

    @cached_property
    def model(self) -> keras.Model:
        """The trained model; InputError if training has not finished an epoch."""
        path = self.path / "model.keras"
        if not path.is_file():
            raise InputError(f"{self.path} holds no trained model; run its training again.")
        return load(path)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The catalogue that the run was trained on; InputError if it is gone or has changed."""
        catalogue = Catalogue.load(self.config["catalogue"])
        if catalogue.fingerprint != self.config["fingerprint"]:
            raise InputError(
                f"{self.path} was trained on another catalogue than the one that is now in "
                f"{catalogue.path} (fingerprints {self.config['fingerprint'][:12]} and "
                f"{catalogue.fingerprint[:12]}); train again, or bring the old one back."
            )
        return catalogue

    @cached_property
    def split(self) -> Split:
        """The split that the run was trained on; InputError if it is no recommender's."""
        if "split" not in self.config:
            raise InputError(f"{self.path} is not the run of a recommender.")
        if (self.path / "split.csv").is_file():
            return read_split(self.path / "split.csv", self.catalogue)
        return leave_one_out(self.catalogue, seed=self.split_seed)

    @property
    def split_seed(self) -> int:
        """Of the split, where no file was given; in runs that do not name it, the seed of all."""
        return self.config.get("split_seed", self.config["seed"])

    @property
    def metrics(self) -> dict[str, Any]:
        """What was measured so far."""
        return self._read_json("metrics.json") if (self.path / "metrics.json").is_file() else {}

    @cached_property
    def vectors(self) -> ScoringVectors | NearestItemScores:
        """What scores: the recommender's vectors, as they were after training."""
        if "split" not in self.config:
            raise InputError(f"{self.path} is not the run of a recommender.")
        path = self.path / "vectors.npz"
        if not path.is_file():
            raise InputError(
                f"{self.path} has no vectors of its model yet: its training was ended midway; "
                "start the same command again."
            )
        try:
            with np.load(path) as arrays:
                kind = NearestItemScores if "bought" in arrays else ScoringVectors
                return kind(**arrays)
        except (ValueError, OSError, TypeError, zipfile.BadZipFile) as error:
            raise InputError(f"{path} is damaged ({error}); run its training again.") from error

    def trained_user(self, user_id: str) -> int:
        """Dense index of a user whom the model was trained on; InputError for any other."""
        user = self.catalogue.user_index(user_id)
        if not len(self.split.items_of(user)):
            raise InputError(
                f"{self.path} was not trained on user {user_id!r}: none of their "
                f"{len(self.catalogue.items_of(user))} item(s) is in the training part of its "
                "split (which, unless it was given, takes users with at least 5 items)."
            )
        return user

    def newcomer_vector(self, history: np.ndarray) -> np.ndarray:
        """Vector of somebody who was not trained on, from the items, (H,) int, that he bought.

        Raises:
            InputError: If the model does not make users from what they bought.
        """
        if not getattr(self.model, "with_history", False):
            raise InputError(
                f"{self.path} knows only the users whom it was trained on; train vbpr or dvbpr "
                "with --history 64 to serve others from what they bought."
            )
        return self.model.newcomer_vector(history, self.vectors)

    def save_model(self, model: keras.Model) -> None:
        """Writes `model.keras`, aside and then renamed; the vectors of the one before go."""
        with atomic_write(self.path / "model.keras") as aside:
            model.save(aside)
            (self.path / "vectors.npz").unlink(missing_ok=True)

    def write_vectors(self) -> None:
        """Scores once what `vectors` reads: pictures need not be embedded again."""
        encoder = getattr(self.model, "encoder", None)
        pictures = None
        if encoder is not None:
            pictures = picture_batches(self.catalogue.pictures(encoder.picture_size))
        with atomic_write(self.path / "vectors.npz") as aside:
            np.savez(aside, **self.model.scoring_vectors(pictures, self.split.train)._asdict())

    def write_metrics(
        self, seconds: float, interrupted: bool = False, failed: str | None = None
    ) -> None:
        """Writes `metrics.json`.

        Args:
            seconds: Trained so far.
            interrupted: Whether the training is not at its end.
            failed: Why it cannot go on.
        """
        metrics = {"training_seconds": seconds, "interrupted": interrupted, "failed": failed}
        self.write_json("metrics.json", metrics)

    def _read_json(self, name: str) -> dict[str, Any]:
        try:
            content = json.loads((self.path / name).read_text())
        except (OSError, ValueError) as error:
            raise InputError(
                f"{self.path} is not a run folder ({error}); make one with `keras-fashion train`."
            ) from error
        if not isinstance(content, dict):
            raise InputError(f"{self.path / name} is not what `keras-fashion train` writes.")
        return content

    def write_json(self, name: str, content: Any) -> None:
        """Writes a JSON file of the run, aside and then renamed."""
        with atomic_write(self.path / name) as aside:
            aside.write_text(json.dumps(content, indent=2) + "\n")


def remove_run(path: Path) -> None:
    """Removes a run folder: all of it, or with a kill nothing that passes for one."""
    aside = path.absolute().with_name(f".{path.absolute().name}.{uuid4().hex}.removed")
    path.rename(aside)
    shutil.rmtree(aside)


def _is_visible(path: Path) -> bool:
    """Whether it is more than what a killed process has written aside."""
    return not path.name.startswith(".")


def versions() -> dict[str, str]:
    """What ran: this package and the libraries that decide its numbers."""
    return {
        "keras_fashion": keras_fashion.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def picture_recommender(run: Run) -> Run:
    """A DVBPR's run that scores by pictures alone, checked; InputError for any other."""
    if run.config["model"] != "dvbpr":
        raise InputError(
            f"{run.path} is a run of {run.config['model']}, not of dvbpr, and no other model "
            "looks at pictures itself; train a dvbpr."
        )
    options = run.config.get("options", {})
    if options.get("latent_size") or options.get("bias"):
        raise InputError(
            f"{run.path} also scores by what no picture shows (--latent-size, --bias), "
            "which a design has not and an explanation would miss; take a DVBPR trained without "
            "them."
        )
    return run


def generating_run(run: Run) -> Run:
    """A GAN's run, checked; InputError for any other."""
    if run.config["model"] != "gan":
        raise InputError(f"{run.path} is a run of {run.config['model']}; only that of a gan draws.")
    return run


def matching_pair(recommender: Run, gan: Run) -> tuple[Run, Run]:
    """A DVBPR's run and a GAN's run of one catalogue, checked; InputError for any other pair."""
    for run, model in ((recommender, "dvbpr"), (gan, "gan")):
        if run.config["model"] != model:
            raise InputError(
                f"{run.path} is a run of {run.config['model']}, not of {model}; give the run of a "
                "DVBPR first, then that of a GAN."
            )
    picture_recommender(recommender)
    if recommender.config["fingerprint"] != gan.config["fingerprint"]:
        raise InputError(
            f"{recommender.path} and {gan.path} were trained on different catalogues; "
            "train both on one."
        )
    return recommender, gan


def independent_recommender(other: Run, recommender: Run) -> Run:
    """Another DVBPR's run of a recommender's catalogue and users; InputError for any other."""
    picture_recommender(other)
    if other.path.resolve() == recommender.path.resolve():
        raise InputError(
            f"{other.path} is the run that designs, and agrees with itself; give one that was "
            "trained with another --seed."
        )
    if other.config["fingerprint"] != recommender.config["fingerprint"]:
        raise InputError(
            f"{other.path} and {recommender.path} were trained on different catalogues; "
            "train both on one."
        )
    missing = np.setdiff1d(recommender.split.train[:, 0], other.split.train[:, 0])
    if len(missing):
        raise InputError(
            f"{other.path} was not trained on {len(missing)} of the users of {recommender.path}; "
            "train both with one --split, or both without."
        )
    return other
