"""The search for the settings of a recommender: trainings whose validation part is ranked."""

import json
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.app.run_lock import lock_run
from keras_fashion.app.split_choice import SplitChoice
from keras_fashion.app.training.options import (
    CheckpointSchedule,
    FitOptions,
    flag,
    options_class,
    recommender_options,
)
from keras_fashion.app.training.recommenders import (
    MONITORED,
    require_validation,
    train_recommender,
)
from keras_fashion.app.training.training_request import TrainingRequest
from keras_fashion.app.tuning.median_stopping import MedianStopping, values_by_epoch
from keras_fashion.app.tuning.proposals import SettingsProposer
from keras_fashion.app.tuning.results import Tuning
from keras_fashion.app.tuning.trials import FIRST, Trial, TrialLog
from keras_fashion.atomic_files import atomic_write
from keras_fashion.data import Catalogue
from keras_fashion.distribution.workers import Workers
from keras_fashion.errors import InputError, Interrupted, TrainingFailed
from keras_fashion.evaluation.ranking import rank_held_out


def tune_recommender(
    catalogue: Catalogue,
    out: Path,
    model: str,
    trials: int,
    chosen: Mapping[str, Any] | None = None,
    monitor: str = "auc",
    split: SplitChoice = None,
    seed: int = 0,
    strategy: tf.distribute.Strategy | None = None,
    schedule: CheckpointSchedule = CheckpointSchedule(),
    split_seed: int = 0,
) -> Tuning:
    """Searches for the settings of a recommender with the best validation metric.

    A trial is a training like any other, by `train_recommender`. The first has the default
    settings, and `SettingsProposer` proposes the others. A trial that is behind the earlier ones
    is stopped early (`MedianStopping`). The test part is not ranked.

    The folder keeps the runs of the default and of the best settings, and of all trials the
    settings and metrics (`search.json`, `trials.csv`; the result is in `best.json`). A search that
    was interrupted or killed continues where it stopped, and ends as if it had not been; one that
    has ended is continued if it is given more trials.

    Args:
        catalogue: Catalogue to learn from.
        out: Folder of the search: new, empty, or that of the same search.
        model: Name of the recommender, see `keras_fashion.models.RECOMMENDERS`.
        trials: Number of trials.
        chosen: Options of the model that are fixed. All others that have a range are searched.
        monitor: Validation metric to maximize, `auc` or `auc_matched`.
        split: The split of all trainings: a CSV file of user, item, part; the days of a
            `temporal_split`; or "last-out". By default one interaction of each user is left out for
            validation and one for test.
        seed: Seed of all trainings and of the proposals.
        strategy: Strategy on the devices of one machine with which all trainings are made; by
            default on one device.
        schedule: When each training writes checkpoints.
        split_seed: Seed of the interactions that are left out where there is no file and no day.

    Returns:
        The result.

    Raises:
        InputError: If Optuna is not installed, no option is left to search, the folder is not that
            of the same search, or the training refuses the options or the split.
        Interrupted: If Ctrl-C stops it before the first trial has ended.
        Terminated: If the process is told to end; the same call resumes it.

    Example:
        >>> import tempfile
        >>> from keras_fashion.data import Atelier, prepare
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = prepare(Atelier(users=8, items=30, size=16), folder / "catalogue")
        >>> catalogue = Catalogue.load(folder / "catalogue")
        >>> result = tune_recommender(catalogue, folder / "tuned", "itemknn", trials=3)
        >>> len(result.trials), result.default.settings
        (3, {'neighbors': 50})
    """
    if trials < 1:
        raise InputError(f"`trials` must be at least 1; got {trials}.")
    if monitor not in MONITORED:
        raise InputError(f"`monitor` {monitor!r}: there are {', '.join(MONITORED)}.")
    strategy = strategy or tf.distribute.get_strategy()
    if Workers(strategy).count > 1:
        raise InputError("a search runs on one machine; give other `devices`.")
    chosen = dict(chosen or {})
    if issubclass(options_class(model), FitOptions):
        chosen["monitor"] = monitor
    options = recommender_options(model, **chosen)
    searched = {
        each.name: each
        for each in fields(options)
        if each.metadata["searched"] is not None and each.name not in chosen
    }
    if not searched:
        raise InputError(f"{model} has no option that is left to search.")
    proposer = SettingsProposer(searched, monitor, seed)
    ranges = {
        f"range of {flag(name)}": each.metadata["searched"] for name, each in searched.items()
    }
    with lock_run(out):
        log = TrialLog(out, {"model": model, "monitor": monitor} | ranges)
        request = TrainingRequest(catalogue, out / FIRST, options, seed, split, split_seed)
        if log.ended:
            request.require_same_training(Run(request.out))
        require_validation(request.parts(), monitor, split)
        search = _Search(request, monitor, log, proposer, strategy, schedule)
        try:
            interrupted = search.run(trials, {name: getattr(options, name) for name in searched})
        finally:
            if not log.trials:
                with suppress(OSError):  # It is not empty if a training has begun.
                    out.rmdir()
        result = search.result(interrupted)
    if not result.ranking:
        raise InputError(f"all {len(result.trials)} trials failed: {result.default.failed}")
    return result


class _Search:
    """The work of `tune_recommender` on one search; see there for the arguments."""

    def __init__(
        self,
        request: TrainingRequest,
        monitor: str,
        log: TrialLog,
        proposer: SettingsProposer,
        strategy: tf.distribute.Strategy,
        schedule: CheckpointSchedule,
    ) -> None:
        self.request = request
        self.parts = request.parts()
        self.monitor = monitor
        self.log = log
        self.proposer = proposer
        self.strategy = strategy
        self.schedule = schedule

    def result(self, interrupted: bool = False) -> Tuning:
        """Returns the result so far."""
        return Tuning(self.request, self.monitor, tuple(self.log.ended), interrupted)

    def run(self, count: int, default: dict[str, Any]) -> bool:
        """Runs trials until there is a number of them, the first with the default settings.

        Returns:
            Whether it was interrupted by Ctrl-C.

        Raises:
            Interrupted: If it was interrupted in the first trial.
        """
        interrupted = False
        try:
            while len(self.log.ended) < count and (trial := self._next(default)) is not None:
                settings = ", ".join(f"{name} {value}" for name, value in trial.settings.items())
                shown = settings if trial.number else "the default settings"
                print(
                    f"trial {trial.number} ({trial.number + 1} of {count}): {shown}",
                    file=sys.stderr,
                )
                self.log.record(self._train(trial))
                print(_progress(self.result(), count), file=sys.stderr)
                self._write_result()
        except (Interrupted, KeyboardInterrupt):
            interrupted = True
            if not self.log.ended:
                raise Interrupted(
                    f"{self.log.folder} was interrupted in its first trial; run the same command "
                    "again to continue."
                ) from None
        self._write_result(interrupted)
        return interrupted

    def _next(self, default: dict[str, Any]) -> Trial | None:
        """Returns the trial that was begun before, or the next one; None if there is no other."""
        if self.log.begun is not None:
            return self.log.begun
        if not self.log.ended:
            return Trial(0, default)  # It is not recorded yet, in case that it refuses its options.
        settings = self.proposer.propose(self.log.ended)
        if settings is None:
            print("all settings that are proposed have been tried", file=sys.stderr)
            return None
        trial = Trial(len(self.log.ended), settings)
        self.log.record(trial)
        return trial

    def _train(self, trial: Trial) -> Trial:
        """Trains a trial and ranks the validation part.

        Raises:
            Interrupted: After Ctrl-C.
        """
        request, path = self.request, self.log.folder / trial.folder
        # A process may have been stopped in this trial, or after it and before it was recorded.
        earlier, started = Run(path).metrics, time.monotonic()
        failed: str | None = earlier.get("failed")
        metrics: dict[str, float | None] = {}
        history, monitored = path / "history.csv", f"val_{self.monitor}"
        values = [each.values for each in self.log.ended if each.values]
        if failed is None:
            try:
                run = train_recommender(
                    request.catalogue,
                    path,
                    replace(request.options, **trial.settings),
                    request.split,
                    request.seed,
                    self.strategy,
                    self.schedule,
                    request.split_seed,
                    [MedianStopping(values, monitored, history)],
                )
                if run.metrics["interrupted"]:
                    raise Interrupted(f"{path} was interrupted.")
                vectors = run.held_out_vectors(self.parts, "validation")
                means = rank_held_out(vectors, self.parts, "validation").means()
                metrics = {name: means[each] for name, each in MONITORED.items()}
            except TrainingFailed as error:
                failed = str(error)
        seconds = earlier.get("training_seconds", 0.0) + time.monotonic() - started
        return replace(
            trial,
            seconds=seconds,
            metrics=metrics,
            failed=failed,
            values=values_by_epoch(history, monitored),
        )

    def _write_result(self, interrupted: bool = False) -> None:
        """Writes `best.json`, and removes the runs except the default's and the best one's."""
        result, kept = self.result(interrupted), {FIRST}
        if result.ranking:
            kept.add(result.best.folder)
            with atomic_write(self.log.folder / "best.json") as temporary:
                temporary.write_text(json.dumps(result.as_json(), indent=2) + "\n")
        self.log.remove_runs(kept)


def _progress(result: Tuning, count: int) -> str:
    """Returns a line about the trial that has just ended, and about the rest of the search."""
    last = result.trials[-1]
    if last.failed is not None:
        text = f"trial {last.number} failed: {last.failed}"
    else:
        text = (
            f"trial {last.number}: validation {result.monitor} {last.value(result.monitor):.4f} "
            f"in {last.seconds:.0f} s"
        )
    if result.ranking:
        best = result.best
        text += f"; the best is {best.value(result.monitor):.4f} (trial {best.number})"
    if left := count - len(result.trials):
        seconds = round(left * result.seconds / len(result.trials))
        text += f"; {left} to go, about {timedelta(seconds=seconds)}"
    return text
