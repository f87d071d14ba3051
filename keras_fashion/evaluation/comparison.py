"""Models side by side on the same held-out interactions, with intervals and paired tests."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from keras_fashion.data.split import Split
from keras_fashion.evaluation.ranking import Scores, rank_held_out
from keras_fashion.evaluation.significance import (
    Estimate,
    PairedTest,
    bootstrap_mean,
    paired_test,
)
from keras_fashion.models.recommender import ScoringVectors

HEADLINE = "auc_matched"
"""The metric that is tested: popularity alone gains next to nothing on it."""


@dataclass(frozen=True)
class Comparison:
    """The metrics of several models, and tests of their differences.

    Attributes:
        part: "test" or "validation".
        users: Number of held-out interactions.
        models: The metrics of each model; None for a group without users. Coverage is no mean over
            users and has no interval.
        reference: The model that the others are tested against.
        tests: The `auc_matched` of each other model minus that of the reference; None where no
            user can be compared.
    """

    part: str
    users: int
    models: dict[str, dict[str, Estimate | None]]
    reference: str
    tests: dict[str, PairedTest | None]

    def as_json(self) -> dict[str, Any]:
        """Returns the comparison in plain types."""
        return asdict(self)


def compare(
    models: Mapping[str, ScoringVectors | Scores],
    split: Split,
    part: str = "test",
    ks: Sequence[int] = (10,),
    reference: str | None = None,
    seed: int = 0,
) -> Comparison:
    """Measures models on one split and tests them against a reference.

    Name the reference before anything is measured: the best model, chosen afterwards, would look
    better than it is.

    Args:
        models: Name of each model to what it scores with, see `rank_held_out`.
        split: The split that all of them were trained on.
        part: "test" or "validation".
        ks: Lengths of the lists whose recall, NDCG and coverage are measured.
        reference: Name of the model that the others are tested against; by default the first.
        seed: Seed of the resampling.

    Returns:
        A `Comparison` with the models in the given order.

    Raises:
        InputError: If the scores or `ks` do not fit the split, see `rank_held_out`.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.data import Split
        >>> from keras_fashion.evaluation import compare
        >>> split = Split(2, 3, np.array([[0, 0], [1, 1]]), np.empty((0, 2), int),
        ...               np.array([[0, 1], [1, 2]]))
        >>> result = compare({"a": lambda users: np.eye(3)[users + 1]}, split, ks=())
        >>> result.models["a"]["auc_all"].mean
        1.0
    """
    reference = next(iter(models)) if reference is None else reference
    ranks = {name: rank_held_out(each, split, part, ks) for name, each in models.items()}
    per_user = {name: each.per_user() for name, each in ranks.items()}
    measured = {
        name: {metric: bootstrap_mean(values, seed) for metric, values in per_user[name].items()}
        | {f"coverage@{k}": Estimate(share) for k, share in ranks[name].coverage.items()}
        for name in models
    }
    tests = {
        name: paired_test(each[HEADLINE], per_user[reference][HEADLINE], seed)
        for name, each in per_user.items()
        if name != reference
    }
    return Comparison(part, len(getattr(split, part)), measured, reference, tests)
