"""Models side by side on the same held-out interactions, with intervals and paired tests."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from keras_fashion.app.run import Run
from keras_fashion.errors import InputError
from keras_fashion.evaluation.ranking import rank_held_out
from keras_fashion.evaluation.reference_models import baselines
from keras_fashion.evaluation.significance import (
    Estimate,
    PairedTest,
    bootstrap_mean,
    paired_test,
)

PARTS = ("train", "validation", "test")

HEADLINE = "auc_matched"
"""The metric that is tested: popularity alone gains next to nothing on it."""


@dataclass(frozen=True)
class Comparison:
    """What was measured.

    Attributes:
        part: "test" or "validation".
        users: How many held-out interactions.
        models: For each model its metrics; None for a group without users. Coverage is no mean
            over users and has no interval.
        reference: The model that the others are tested against.
        tests: For each other model its `auc_matched` less the reference's; None where no user
            can be compared.
    """

    part: str
    users: int
    models: dict[str, dict[str, Estimate | None]]
    reference: str
    tests: dict[str, PairedTest | None]

    def as_json(self) -> dict[str, Any]:
        """The same in plain types."""
        return asdict(self)


def compare(
    runs: Sequence[Run], part: str = "test", ks: Sequence[int] = (10,), seed: int = 0
) -> Comparison:
    """Compares runs, with random scores and PopRank beside them where they are not among them.

    The reference of the tests is the first run. It is named before anything is measured: the
    best one, picked afterwards, would look better than it is.

    Args:
        runs: At least one, of recommenders trained on one catalogue and one split.
        part: "test" or "validation".
        ks: Lengths of the lists.
        seed: Of the resampling.

    Raises:
        InputError: If a run is given twice, is no recommender's, or is of another catalogue or
            split than the first.
    """
    first = runs[0]
    for run, times in Counter(run.path.resolve() for run in runs).items():
        if times > 1:
            raise InputError(f"{run} is given twice; name each run once.")
    for other in runs[1:]:
        _require_alike(first, other)
    names = _labels(runs)
    split = first.split
    trained = {run.config["model"] for run in runs}
    scorers = {name: each for name, each in baselines(split).items() if name not in trained}
    scorers |= {name: run.vectors for name, run in zip(names, runs, strict=True)}
    ranks = {name: rank_held_out(each, split, part, ks) for name, each in scorers.items()}
    models = {
        name: {metric: bootstrap_mean(values, seed) for metric, values in each.per_user().items()}
        | {f"coverage@{k}": Estimate(share) for k, share in each.coverage.items()}
        for name, each in ranks.items()
    }
    reference = names[0]
    headline = {name: each.per_user()[HEADLINE] for name, each in ranks.items()}
    tests = {
        name: paired_test(values, headline[reference], seed)
        for name, values in headline.items()
        if name != reference
    }
    return Comparison(part, len(getattr(split, part)), models, reference, tests)


def _require_alike(first: Run, other: Run) -> None:
    if first.config["fingerprint"] != other.config["fingerprint"]:
        raise InputError(
            f"{first.path} and {other.path} were trained on different catalogues; "
            "train both on one."
        )
    for part in PARTS:
        # Whatever their order: all runs are ranked on the first one's rows.
        ours, theirs = (np.unique(getattr(run.split, part), axis=0) for run in (first, other))
        if not np.array_equal(ours, theirs):
            splits = [
                run.config["split"] or f"--seed {run.config['seed']}" for run in (first, other)
            ]
            raise InputError(
                f"{first.path} and {other.path} have different interactions in part {part} "
                f"(splits: {splits[0]} and {splits[1]}); train both with one --seed or one --split."
            )


def _labels(runs: Sequence[Run]) -> list[str]:
    """The model where it is the only one, else with its folder's name, else with its path."""
    choices = [
        (
            run.config["model"],
            *(f"{run.config['model']} {each}" for each in (run.path.name, run.path)),
        )
        for run in runs
    ]
    counts = [Counter(level) for level in zip(*choices, strict=True)]
    return [
        next(name for name, count in zip(choice, counts, strict=True) if count[name] == 1)
        for choice in choices
    ]
