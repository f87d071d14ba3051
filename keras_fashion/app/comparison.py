"""The comparison of recommender runs that were trained on the same catalogue and split."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from keras_fashion.app.run import Run
from keras_fashion.errors import InputError
from keras_fashion.evaluation.comparison import Comparison, baselines, compare
from keras_fashion.features.style import item_style

PARTS = ("train", "validation", "test")


def compare_runs(
    runs: Sequence[Run], part: str = "test", ks: Sequence[int] = (10,), seed: int = 0
) -> Comparison:
    """Compares runs; random scores and PopRank stand beside them where no run is of these models.

    Args:
        runs: Runs of recommenders trained on one catalogue and one split. The first is the
            reference of the tests.
        part: "test" or "validation".
        ks: Lengths of the lists that are measured. Their diversity is that of `item_style`.
        seed: Seed of the resampling.

    Returns:
        The comparison, with the baselines first.

    Raises:
        InputError: If a run is given twice, is not of a recommender, or is of another catalogue or
            split than the first.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from keras_fashion.app import recommender_options, train_recommender
        >>> from keras_fashion.data import Atelier, Catalogue, prepare
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = prepare(Atelier(users=4, items=30, size=16), folder / "catalogue")
        >>> catalogue = Catalogue.load(folder / "catalogue")
        >>> runs = [
        ...     train_recommender(catalogue, folder / model, recommender_options(model))
        ...     for model in ("categorypop", "itemknn")
        ... ]
        >>> comparison = compare_runs(runs)
        >>> list(comparison.models), comparison.reference
        (['random', 'poprank', 'categorypop', 'itemknn'], 'categorypop')
    """
    first = runs[0]
    for run, times in Counter(run.path.resolve() for run in runs).items():
        if times > 1:
            raise InputError(f"{run} is given twice; name each run once.")
    for other in runs[1:]:
        _require_alike(first, other)
    names = _labels(runs)
    trained = {run.config["model"] for run in runs}
    models = {name: each for name, each in baselines(first.split).items() if name not in trained}
    models |= {
        name: run.held_out_vectors(first.split, part) for name, run in zip(names, runs, strict=True)
    }
    style = item_style(first.catalogue)
    return compare(models, first.split, part, ks, reference=names[0], seed=seed, style=style)


def _require_alike(first: Run, other: Run) -> None:
    if first.config["fingerprint"] != other.config["fingerprint"]:
        raise InputError(
            f"{first.path} and {other.path} were trained on different catalogues; "
            "train both on one."
        )
    differences = []
    if (first.time_cut, first.is_last_out) != (other.time_cut, other.is_last_out):
        differences.append("were split in different ways")
    for part in PARTS:
        # Whatever their order: all runs are ranked on the first one's rows.
        ours, theirs = (np.unique(getattr(run.split, part), axis=0) for run in (first, other))
        if not np.array_equal(ours, theirs):
            differences.append(f"have different interactions in part {part}")
    if differences:
        raise InputError(
            f"{first.path} and {other.path} {differences[0]} (splits: {_split_of(first)} and "
            f"{_split_of(other)}); train both with one --split-seed, --split, --split-time or "
            "--last-out."
        )


def _split_of(run: Run) -> str:
    if run.time_cut is not None:
        return f"--split-time {run.time_cut.test_from}"
    if run.is_last_out:
        return f"--last-out --split-seed {run.split_seed}"
    return run.config["split"] or f"--split-seed {run.split_seed}"


def _labels(runs: Sequence[Run]) -> list[str]:
    """Returns a unique label of each run: its model, with its folder or its path if needed."""
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
