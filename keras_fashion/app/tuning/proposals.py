"""Which settings to try next, by Optuna."""

from collections.abc import Mapping, Sequence
from dataclasses import Field
from typing import Any

import numpy as np

from keras_fashion.app.tuning.trials import Trial
from keras_fashion.errors import InputError
from keras_fashion.models.fit_settings import SearchChoices, SearchRange

ATTEMPTS = 100
"""Number of proposals in a row that were tried before, after which a search ends."""


class SettingsProposer:
    """Proposes settings from those that were tried, by a tree-structured Parzen estimator.

    Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011, as Optuna has it.
    A proposal is a function of the seed and of the trials so far. A search that was stopped
    therefore continues as if it had not been, and Optuna needs no storage of its own.

    Numbers that are not whole are rounded to three digits. A training that failed counts as one
    with an AUC of 0.

    Args:
        options: Fields of the searched options, by name, see `option`.
        monitor: Metric of a trial to maximize.
        seed: Seed of the proposals.

    Raises:
        InputError: If Optuna is not installed.

    Example:
        >>> from dataclasses import fields
        >>> from keras_fashion.app.training.options import options_class
        >>> options = {each.name: each for each in fields(options_class("itemknn"))}
        >>> proposer = SettingsProposer(options, "auc", seed=0)
        >>> first = Trial(0, {"neighbors": 50}, seconds=1.0, metrics={"auc": 0.7})
        >>> 5 <= proposer.propose([first])["neighbors"] <= 500
        True
    """

    def __init__(self, options: Mapping[str, Field[Any]], monitor: str, seed: int) -> None:
        try:
            import optuna
        except ImportError as error:
            raise InputError(
                "Optuna is not installed; `pip install 'keras-fashion[tune]'`."
            ) from error
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._optuna: Any = optuna
        self._distributions = {name: self._distribution(each) for name, each in options.items()}
        self.monitor = monitor
        self.seed = seed

    def propose(self, trials: Sequence[Trial]) -> dict[str, Any] | None:
        """Returns settings that no trial has; None if none are found.

        Args:
            trials: The trials so far, which have ended.
        """
        tried = [trial.settings for trial in trials]
        for attempt in range(ATTEMPTS):
            settings = self._ask(trials, attempt)
            if settings not in tried:
                return settings
        return None

    def _ask(self, trials: Sequence[Trial], attempt: int) -> dict[str, Any]:
        (seed,) = np.random.SeedSequence([self.seed, len(trials), attempt]).generate_state(1)
        study = self._optuna.create_study(
            direction="maximize", sampler=self._optuna.samplers.TPESampler(seed=int(seed))
        )
        study.add_trials(
            self._optuna.create_trial(
                params=trial.settings,
                distributions=self._distributions,
                value=trial.value(self.monitor),
            )
            for trial in trials
        )
        return {
            name: float(f"{value:.3g}") if isinstance(value, float) else value
            for name, value in study.ask(self._distributions).params.items()
        }

    def _distribution(self, option: Field[Any]) -> Any:
        searched: SearchRange | SearchChoices = option.metadata["searched"]
        distributions = self._optuna.distributions
        if isinstance(searched, SearchChoices):
            return distributions.CategoricalDistribution(searched.values)
        if isinstance(option.default, int):
            return distributions.IntDistribution(
                int(searched.low), int(searched.high), log=searched.log
            )
        return distributions.FloatDistribution(searched.low, searched.high, log=searched.log)
