"""The trials of a search for settings, and the files in which they are kept."""

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from keras_fashion.app.run import remove_run
from keras_fashion.atomic_files import atomic_write
from keras_fashion.errors import InputError

FIRST = "trial-0000"
"""Folder of the trial of the default settings."""


@dataclass(frozen=True)
class Trial:
    """A training with some settings, and how it ranks the validation part.

    Attributes:
        number: Number of the trial; 0 has the default settings.
        settings: Values of the searched options, by name.
        seconds: Time that it took; None before it has ended.
        metrics: Validation metrics `auc` and `auc_matched`, of the best epoch if it is trained by
            steps; empty before it has ended and if it failed.
        failed: Why it failed; None if it did not.
        values: Monitored validation metric after each epoch, by which later trials are stopped
            early; empty if it is not trained by steps.

    Example:
        >>> trial = Trial(7, {"learning_rate": 0.01})
        >>> trial.folder, trial.has_ended
        ('trial-0007', False)
    """

    number: int
    settings: dict[str, Any]
    seconds: float | None = None
    metrics: dict[str, float | None] = field(default_factory=dict)
    failed: str | None = None
    values: list[float] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """Name of the run folder within the folder of the search."""
        return f"trial-{self.number:04}"

    @property
    def has_ended(self) -> bool:
        """Whether it is trained and measured, or has failed."""
        return self.seconds is not None

    def value(self, monitor: str) -> float:
        """Returns a metric to maximize, which is 0 if the trial failed.

        Args:
            monitor: Name of the metric.
        """
        return self.metrics.get(monitor) or 0.0


class TrialLog:
    """The trials of a search, which `search.json` in its folder keeps.

    A trial is recorded before its training, and again when it has ended. Each time the file is
    replaced at once, so that a process may be killed at any moment. `trials.csv` is written for
    other programs and is not read again.

    Args:
        folder: Folder of the search, which need not exist.
        search: What is searched. The trials of another search are refused.

    Raises:
        InputError: If the folder is that of another search, or of something else.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "tuned"
        >>> log = TrialLog(folder, {"monitor": "auc"})
        >>> log.record(Trial(0, {"neighbors": 50}, seconds=1.5, metrics={"auc": 0.75}))
        >>> log.record(Trial(1, {"neighbors": 8}))
        >>> [trial.settings for trial in TrialLog(folder, {"monitor": "auc"}).ended]
        [{'neighbors': 50}]
        >>> log.begun.number
        1
    """

    def __init__(self, folder: Path, search: dict[str, Any]) -> None:
        self.folder = folder
        self.search: dict[str, Any] = json.loads(json.dumps(search))  # a tuple becomes a list
        self.trials: list[Trial] = []
        path = folder / "search.json"
        if not path.is_file():
            self._require_free()
            return
        try:
            content = json.loads(path.read_text())
            found, self.trials = content["search"], [Trial(**each) for each in content["trials"]]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise InputError(
                f"{path} was not written by `keras-fashion tune`, or is damaged ({error}); name "
                "another --out."
            ) from error
        for name in sorted(set(found) | set(self.search)):
            before, now = found.get(name), self.search.get(name)
            if before != now:
                raise InputError(
                    f"{folder} is another search: its {name} was {_shown(before)} and is now "
                    f"{_shown(now)}; name another --out, or give the options that it was started "
                    "with."
                )

    @property
    def ended(self) -> list[Trial]:
        """The trials that have ended, in their order."""
        return [trial for trial in self.trials if trial.has_ended]

    @property
    def begun(self) -> Trial | None:
        """The trial whose training was begun and has not ended; None if there is none."""
        return self.trials[-1] if self.trials and not self.trials[-1].has_ended else None

    def record(self, trial: Trial) -> None:
        """Writes a trial that begins, or that has ended.

        Args:
            trial: The next trial, or the one that has begun.
        """
        self.trials[trial.number :] = [trial]
        content = {"search": self.search, "trials": [asdict(each) for each in self.trials]}
        with atomic_write(self.folder / "search.json") as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n")
        ended = self.ended
        if not ended:
            return
        metrics = sorted({name for each in ended for name in each.metrics})
        with atomic_write(self.folder / "trials.csv") as temporary, temporary.open("w") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["trial", *metrics, "seconds", *trial.settings, "failed"])
            for each in ended:
                values = [each.metrics.get(name) for name in metrics]
                rows.writerow(
                    [each.number, *values, each.seconds, *each.settings.values(), each.failed]
                )

    def remove_runs(self, kept: Iterable[str]) -> None:
        """Removes the run folders of trials that have ended.

        Args:
            kept: Names of the folders that are kept.
        """
        for trial in self.ended:
            path = self.folder / trial.folder
            if trial.folder not in kept and path.exists():
                remove_run(path)

    def _require_free(self) -> None:
        """Refuses a folder that contains anything but the first trial, which is not recorded."""
        if self.folder.exists() and (
            not self.folder.is_dir()
            or any(
                path.name != FIRST and not path.name.startswith(".")
                for path in self.folder.iterdir()
            )
        ):
            raise InputError(
                f"{self.folder} exists and is not the folder of a search; name another one with "
                "--out."
            )


def _shown(value: Any) -> str:
    return "none" if value is None else json.dumps(value)
