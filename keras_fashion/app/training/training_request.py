"""What a training is asked to do, and whether the run in its folder is of the same training."""

import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from keras_fashion.app.run import Run
from keras_fashion.app.split_choice import SplitChoice, divide
from keras_fashion.app.training.checkpoints import list_checkpoints
from keras_fashion.app.training.options import GANOptions, ModelOptions, flag
from keras_fashion.data import Catalogue, Split, TimeCut
from keras_fashion.errors import InputError


@dataclass(frozen=True)
class TrainingRequest:
    """Everything that determines a training, and where its run folder is.

    Attributes:
        catalogue: Catalogue to train on.
        out: Path of the run folder, which need not exist.
        options: Options of the model.
        seed: Seed of the initial weights, of the order of the batches and of all that is sampled.
        split: Split of a recommender; None for a GAN.
        split_seed: Seed of `leave_one_out` and `last_out`.

    Example:
        >>> import tempfile
        >>> from types import SimpleNamespace
        >>> from keras_fashion.app.training.options import recommender_options
        >>> catalogue = SimpleNamespace(fingerprint="e5c1", address="/shop")
        >>> out, options = Path(tempfile.mkdtemp()) / "run", recommender_options("poprank")
        >>> request = TrainingRequest(catalogue, out, options, seed=1)
        >>> run = Run.create(request.out, request.run_config(), catalogue)
        >>> request.require_same_training(run)
        >>> TrainingRequest(catalogue, out, options).require_same_training(run)
        Traceback (most recent call last):
            ...
        keras_fashion.errors.InputError: ... is another training: it was started with --seed 1, not
        0; name another --out, or give --seed 1 to continue it.
    """

    catalogue: Catalogue
    out: Path
    options: ModelOptions
    seed: int = 0
    split: SplitChoice = None
    split_seed: int = 0

    @property
    def is_recommender(self) -> bool:
        """Whether the model is a recommender, which has a split, and not a GAN."""
        return not isinstance(self.options, GANOptions)

    @property
    def time_cut(self) -> TimeCut | None:
        """The days of a temporal split; None for another split."""
        return self.split if isinstance(self.split, TimeCut) else None

    @property
    def is_last_out(self) -> bool:
        """Whether each user's last interactions are held out."""
        return self.split == "last-out"

    def run_config(self) -> dict[str, Any]:
        """Returns the content of `config.json` for `Run.create`."""
        config = {
            "model": self.options.model,
            "seed": self.seed,
            "options": self.options.recorded(),
        }
        if self.is_recommender:
            config["split"] = None
            config["split_seed"] = self.split_seed
            if isinstance(self.split, TimeCut):
                config["time_cut"] = asdict(self.split)
            elif isinstance(self.split, Path):
                config["split"] = str(self.split.absolute())
            elif self.is_last_out:
                config["last_out"] = True
        return config

    def parts(self) -> Split:
        """Returns the interactions of the catalogue in the parts of the split.

        Raises:
            InputError: If the split does not fit the catalogue.
        """
        return divide(self.catalogue, self.split, self.split_seed)

    def command(self) -> str:
        """Returns the command line of this training of a recommender."""
        words = ["keras-fashion", "train", self.options.model, self.catalogue.address]
        words += self.options.arguments()
        if isinstance(self.split, TimeCut):
            cut = self.split
            words += ["--split-time", cut.test_from]
            words += ["--validation-time", cut.validation_from] if cut.validation_from else []
            words += ["--test-until", cut.test_until] if cut.test_until else []
        elif isinstance(self.split, Path):
            words += ["--split", str(self.split)]
        elif self.is_last_out:
            words += ["--last-out"]
        if self.split_seed:
            words += ["--split-seed", str(self.split_seed)]
        words += ["--seed", str(self.seed)] if self.seed else []
        return shlex.join([*words, "--out", str(self.out)])

    def find_run(self) -> Run | None:
        """Returns the run in `out` that this training can continue.

        Returns:
            The run; None if there is none, or if it was stopped before it had saved anything.

        Raises:
            InputError: If `out` contains a run of another training or a run that has failed.
        """
        run = Run(self.out)
        if not (self.out / "config.json").is_file():
            return None
        has_saved = (self.out / "model.keras").is_file() or bool(
            list_checkpoints(self.out / "checkpoints")
        )
        if has_saved or run.config["model"] != self.options.model:
            self.require_same_training(run)
        if reason := run.metrics.get("failed"):
            raise InputError(f"{self.out} has failed: {reason}. Train again with another --out.")
        return run if has_saved else None

    def require_same_training(self, run: Run) -> None:
        """Checks that a run was started by the same request.

        A model whose options are extendable may be given more epochs than before.

        Args:
            run: The run.

        Raises:
            InputError: If it was not. The message names the difference, with both values.
        """
        prefix = f"{run.path} is another training"
        recorded, requested = _identity_of_run(run), self._identity()
        if recorded["model"] == self.options.model:
            recorded = self.options.with_defaults(recorded)
        for name, now in requested.items():
            before = recorded.get(name)
            if before != now and not self._is_extension(name, before, now):
                raise InputError(f"{prefix}: {_describe_difference(name, before, now)}")
        if unknown := sorted(set(recorded) - set(requested)):
            raise InputError(
                f"{run.path} was made by another version of keras-fashion, with options that this "
                f"version does not have ({', '.join(unknown)}); name another --out, and remove "
                f"{run.path} if you do not need it."
            )
        kinds = [(each.time_cut, each.is_last_out) for each in (run, self)]
        if not self._has_same_split_file(run) or kinds[0] != kinds[1]:
            raise InputError(
                f"{prefix}: its split is not {self.split or 'leave one out'}; name another --out, "
                "or give the --split, --split-time or --last-out that it was started with."
            )
        is_drawn = self.is_recommender and (self.split is None or self.is_last_out)
        if is_drawn and run.split_seed != self.split_seed:
            difference = _describe_difference("split_seed", run.split_seed, self.split_seed)
            raise InputError(f"{prefix}: {difference}")

    def _identity(self) -> dict[str, Any]:
        """Returns all values that must be equal, apart from the split."""
        fixed = {
            "model": self.options.model,
            "catalogue": self.catalogue.fingerprint,
            "seed": self.seed,
        }
        return fixed | self.options.recorded()

    def _is_extension(self, name: str, before: Any, now: Any) -> bool:
        return name == "epochs" and self.options.extendable and before is not None and now > before

    def _has_same_split_file(self, run: Run) -> bool:
        copy = run.path / "split.csv"
        if not isinstance(self.split, Path) or not copy.is_file():
            return not isinstance(self.split, Path) and not copy.is_file()
        return copy.read_bytes() == self.split.read_bytes()


def _identity_of_run(run: Run) -> dict[str, Any]:
    config, options = run.config, run.config.get("options")
    fixed = {"model": config["model"], "catalogue": config["fingerprint"], "seed": config["seed"]}
    return fixed | (options if isinstance(options, dict) else {})


def _describe_difference(name: str, before: Any, now: Any) -> str:
    if name == "model":
        return f"it is a {before}, not a {now}; name another --out."
    if name == "catalogue":
        return (
            f"it was trained on another catalogue (fingerprints {before[:12]} and {now[:12]}); "
            "name another --out, or give the catalogue that it was started with."
        )
    option = flag(name)
    if name == "start_from" and before is None:
        return f"it was started without {option}; name another --out, or omit {option}."
    return (
        f"it was started with {option} {_format(before)}, not {_format(now)}; name another --out, "
        f"or give {option} {_format(before)} to continue it."
    )


def _format(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, list) else str(value)
