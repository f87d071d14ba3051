"""The result of a search for settings."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from keras_fashion.app.run import Run
from keras_fashion.app.training.training_request import TrainingRequest
from keras_fashion.app.tuning.trials import Trial


@dataclass(frozen=True)
class Tuning:
    """The trials of a search, and the best of them.

    Attributes:
        request: Training of the default settings, which is the first trial.
        monitor: Validation metric that was maximized, `auc` or `auc_matched`.
        trials: The trials that have ended, in their order. At least one has not failed.
        interrupted: Whether Ctrl-C has stopped the search before its end.
    """

    request: TrainingRequest
    monitor: str
    trials: tuple[Trial, ...]
    interrupted: bool = False

    @property
    def default(self) -> Trial:
        """The trial of the default settings."""
        return self.trials[0]

    @property
    def ranking(self) -> list[Trial]:
        """The trials that have not failed, the best first, and of equal ones the earliest."""
        measured = [trial for trial in self.trials if trial.failed is None]
        return sorted(measured, key=lambda trial: -trial.value(self.monitor))

    @property
    def best(self) -> Trial:
        """The trial with the best validation metric."""
        return self.ranking[0]

    @property
    def seconds(self) -> float:
        """Time that the trials took together."""
        return sum(trial.seconds or 0.0 for trial in self.trials)

    @property
    def folder(self) -> Path:
        """Folder of the search."""
        return self.request.out.parent

    @property
    def best_run(self) -> Run:
        """The run of the best settings."""
        return Run(self.folder / self.best.folder)

    @property
    def default_run(self) -> Run:
        """The run of the default settings."""
        return Run(self.request.out)

    def command(self) -> str:
        """Returns the command line that trains with the best settings again."""
        options = replace(self.request.options, **self.best.settings)
        return replace(self.request, options=options, out=self.folder / "best").command()

    def as_json(self) -> dict[str, Any]:
        """Returns the result in the types of JSON."""
        best, default = (
            asdict(trial) | {"run": str(run.path)}
            for trial, run in ((self.best, self.best_run), (self.default, self.default_run))
        )
        return {
            "model": self.request.options.model,
            "catalogue": self.request.catalogue.address,
            "monitor": self.monitor,
            "trials": len(self.trials),
            "failed": len(self.trials) - len(self.ranking),
            "seconds": self.seconds,
            "interrupted": self.interrupted,
            "best": best,
            "default": default,
            "command": self.command(),
        }
