"""Models compared on the same held-out interactions, with intervals and paired tests."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from keras_fashion.data.split import Split
from keras_fashion.evaluation.ranking import rank_held_out
from keras_fashion.evaluation.score_blocks import Scores
from keras_fashion.evaluation.significance import (
    Estimate,
    PairedTest,
    bootstrap_mean,
    holm_correction,
    paired_test,
)
from keras_fashion.metrics.tied_lists import Features
from keras_fashion.models.counting import PopRank, RandomScores
from keras_fashion.models.scoring_vectors import HeldOutVectors, ScoringVectors

PRIMARY_METRIC = "auc_matched"
"""The metric that is tested: popularity alone gains almost nothing on it."""


@dataclass(frozen=True)
class Comparison:
    """The metrics of several models, and tests of their differences.

    Attributes:
        part: `"test"` or `"validation"`.
        users: Number of users with held-out interactions.
        models: Metrics of each model; None for a group without users. Coverage is not a mean over
            users and has no interval.
        reference: Name of the model that the others are tested against.
        tests: Test of the `auc_matched` of each other model minus that of the reference; None if no
            user can be compared. The p-values are corrected for their number (`holm_correction`).

    Example:
        >>> from keras_fashion.evaluation import Comparison, Estimate
        >>> models = {"poprank": {"auc_all": Estimate(0.6)}, "mf": {"auc_all": Estimate(0.7)}}
        >>> comparison = Comparison("test", 100, models, reference="poprank", tests={"mf": None})
        >>> comparison.as_json()["models"]["mf"]
        {'auc_all': {'mean': 0.7, 'low': None, 'high': None}}
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
    models: Mapping[str, ScoringVectors | HeldOutVectors | Scores],
    split: Split,
    part: str = "test",
    ks: Sequence[int] = (10,),
    reference: str | None = None,
    seed: int = 0,
    style: Features | None = None,
) -> Comparison:
    """Measures models on one split and tests them against a reference.

    Choose the reference before anything is measured: the best model, chosen afterwards, would look
    better than it is.

    Args:
        models: Scores of each model by its name, see `rank_held_out`.
        split: Split that all of them were trained on.
        part: `"test"` or `"validation"`.
        ks: Lengths of the lists that are measured.
        reference: Name of the model that the others are tested against; by default the first.
        seed: Seed of the resampling.
        style: Features of the items by which the diversity of the lists is measured.

    Returns:
        A `Comparison` with the models in the given order.

    Raises:
        InputError: If the scores, `ks` or `style` do not fit the split, see `rank_held_out`.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.data import Split
        >>> from keras_fashion.evaluation import baselines, compare
        >>> train = np.array([[0, 0], [1, 1]])
        >>> test = np.array([[0, 1], [1, 2]])
        >>> split = Split(2, 3, train, validation=np.empty((0, 2), int), test=test)
        >>> perfect = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        >>> models = baselines(split) | {"perfect": lambda users: perfect[users]}
        >>> result = compare(models, split, ks=(), reference="poprank")
        >>> result.models["perfect"]["auc_all"].mean, result.models["poprank"]["auc_all"].mean
        (1.0, 0.5)
    """
    reference = next(iter(models)) if reference is None else reference
    ranks = {
        name: rank_held_out(each, split, part, ks, style=style) for name, each in models.items()
    }
    per_user = {name: each.per_user() for name, each in ranks.items()}
    measured = {
        name: {metric: bootstrap_mean(values, seed) for metric, values in per_user[name].items()}
        | {f"coverage@{k}": Estimate(share) for k, share in ranks[name].coverage.items()}
        for name in models
    }
    tests = {
        name: paired_test(each[PRIMARY_METRIC], per_user[reference][PRIMARY_METRIC], seed)
        for name, each in per_user.items()
        if name != reference
    }
    compared = {name: test for name, test in tests.items() if test is not None}
    corrected = holm_correction([test.p_value for test in compared.values()])
    for (name, test), p_value in zip(compared.items(), corrected, strict=True):
        tests[name] = replace(test, p_value=p_value)
    users = len(np.unique(getattr(split, part)[:, 0]))
    return Comparison(part, users, measured, reference, tests)


def baselines(split: Split) -> dict[str, ScoringVectors]:
    """Returns the models that every table of AUCs needs: random scores and PopRank.

    Args:
        split: Split whose training part PopRank counts.

    Returns:
        Their scoring vectors by name, `"random"` and `"poprank"`.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.data import Split
        >>> from keras_fashion.evaluation import baselines
        >>> nobody = np.empty((0, 2), int)
        >>> split = Split(1, 3, np.array([[0, 0], [0, 2]]), nobody, nobody)
        >>> baselines(split)["poprank"].scores(np.array([0])).argmin()
        np.int64(1)
    """
    poprank = PopRank(split.num_users, split.num_items)
    poprank.adapt(split.training_counts)
    random = RandomScores(split.num_users, split.num_items)
    return {"random": random.scoring_vectors(), "poprank": poprank.scoring_vectors()}
