"""A run that need not be trained twice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from keras_fashion.catalogue import Catalogue
from keras_fashion.errors import InputError
from keras_fashion.run import Run, remove_run
from keras_fashion.training.options import ModelOptions


def finished_or_trained(
    train: Callable[..., Run],
    catalogue: Catalogue,
    out: Path,
    options: ModelOptions,
    seed: int = 0,
    **rest: Any,
) -> Run:
    """The run in `out` if it is finished and was made in the same way; else a new one there.

    One that was made in the same way and interrupted goes on where it stopped.

    Args:
        train: `train_recommender` or `train_gan`.
        catalogue: As for `train`.
        out: The run folder. One that holds another run of this catalogue, or of a catalogue that
            lies beside it, is replaced.
        options: As for `train`.
        seed: As for `train`.
        **rest: More for `train`: a split.

    Raises:
        InputError: If `out` is something else, or the training was interrupted.
    """
    if (out / "config.json").is_file():
        run = Run(out)
        made = [run.config.get(key) for key in ("model", "options", "seed", "fingerprint")]
        asked = [options.model, options.recorded(), seed, catalogue.fingerprint]
        same = made == asked and _same_split(run, rest.get("split"))
        made_of = Path(run.config["catalogue"])
        ours = made_of == Path(catalogue.address) or made_of.parent == out.parent.absolute()
        if not same and not ours:
            raise InputError(f"{out} is a run of something else; name another folder with --out.")
        if not same:
            remove_run(out)
    return _whole(train(catalogue, out, options, seed=seed, **rest))


def _whole(run: Run) -> Run:
    if run.metrics["interrupted"]:
        raise InputError(f"{run.path} was interrupted; start again to train it to its end.")
    return run


def _same_split(run: Run, split: Path | None) -> bool:
    """Whether a run was trained on this split file, or on none."""
    copy = run.path / "split.csv"
    if split is None or not copy.is_file():
        return split is None and not copy.is_file()
    return copy.read_bytes() == split.read_bytes()
