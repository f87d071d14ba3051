"""Whether the run that is in a folder already is the same training, and how far it has come."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keras_fashion.app.run import Run
from keras_fashion.app.training.checkpoints import checkpoints_in
from keras_fashion.app.training.options import GANOptions, ModelOptions
from keras_fashion.atomic_files import atomic_write
from keras_fashion.data import Catalogue
from keras_fashion.errors import InputError


def find_existing_run(
    catalogue: Catalogue,
    out: Path,
    options: ModelOptions,
    seed: int,
    split: Path | None = None,
    split_seed: int = 0,
) -> Run | None:
    """The run in a folder that a training may go on with.

    Args:
        catalogue: Which must be the run's.
        out: The run folder, or none yet.
        options: Which must be the run's, but that a GAN may have more epochs.
        seed: Which must be the run's.
        split: Which must be the run's.
        split_seed: Which must be the run's, where there is no `split`.

    Returns:
        None if there is nothing yet: no folder, an empty one, or a run that ended before it had
        kept anything.

    Raises:
        InputError: If the folder holds something else, or a run that was made in another way or
            has failed; it names what differs, its old and its new value.
    """
    run = Run(out)
    if not (out / "config.json").is_file():
        return None
    has_begun = (out / "model.keras").is_file() or bool(checkpoints_in(out / "checkpoints"))
    if has_begun or run.config["model"] != options.model:
        require_same(run, catalogue, options, seed, split, split_seed)
    if reason := run.metrics.get("failed"):
        raise InputError(f"{out} has failed, {reason}. Train anew with another --out.")
    return run if has_begun else None


def require_same(
    run: Run,
    catalogue: Catalogue,
    options: ModelOptions,
    seed: int,
    split: Path | None,
    split_seed: int,
) -> None:
    """InputError that names what differs, if a run is not of this training."""
    out = run.path
    old, new = _described(run), _of(catalogue, options, seed)
    for name, now in new.items():
        before = old.get(name)
        grown = name == "epochs" and options.extendable and before is not None and now > before
        if before != now and not grown:
            raise InputError(f"{out} is another training: {_difference(name, before, now)}")
    if gone := sorted(set(old) - set(new)):
        raise InputError(
            f"{out} was made by another version of keras-fashion, with options that there are no "
            f"more ({', '.join(gone)}); name another --out, and remove {out} if it is of no use."
        )
    copy = out / "split.csv"
    same = copy.read_bytes() == split.read_bytes() if split and copy.is_file() else False
    if not same and (split is not None or copy.is_file()):
        raise InputError(
            f"{out} is another training: its split is not {split or 'leave one out'}; name "
            "another --out, or give it its own --split."
        )
    if split is None and not isinstance(options, GANOptions) and run.split_seed != split_seed:
        difference = _difference("split_seed", run.split_seed, split_seed)
        raise InputError(f"{out} is another training: {difference}")


def _of(catalogue: Catalogue, options: ModelOptions, seed: int) -> dict[str, Any]:
    """What makes a training the one it is."""
    made = {"model": options.model, "catalogue": catalogue.fingerprint, "seed": seed}
    return made | options.recorded()


def _described(run: Run) -> dict[str, Any]:
    """The same of a run."""
    config, options = run.config, run.config.get("options")
    made = {"model": config["model"], "catalogue": config["fingerprint"], "seed": config["seed"]}
    return made | (options if isinstance(options, dict) else {})


def _difference(name: str, before: Any, now: Any) -> str:
    if name == "model":
        return f"a {before}, not a {now}; name another --out."
    if name == "catalogue":
        return (
            f"of another catalogue (fingerprints {before[:12]} and {now[:12]}); name another "
            "--out, or give it its own."
        )
    flag = "--" + name.replace("_", "-")
    return (
        f"it was started with {flag} {_shown(before)}, not {_shown(now)}; name another --out, or "
        f"give {_shown(before)} to go on with it."
    )


def _shown(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, list) else str(value)


def drop_later_rows(run: Run, epochs: int) -> None:
    """Leaves the first rows in `history.csv`: a killed process may have written more."""
    history = run.path / "history.csv"
    if not history.is_file():
        return
    with open(history, newline="") as file:
        header, *rows = list(csv.reader(file)) or [[]]
    whole = (row for row in rows if len(row) == len(header) and row[0].isdigit())
    kept = [row for row in whole if int(row[0]) < epochs]
    if kept == rows:
        return
    with atomic_write(history) as aside, open(aside, "w", newline="") as file:
        csv.writer(file).writerows([header, *kept] if header else [])


def finished_or_trained(
    train: Callable[..., Run],
    catalogue: Catalogue,
    out: Path,
    options: ModelOptions,
    seed: int = 0,
    **rest: Any,
) -> Run:
    """The run in `out` if it is finished and was made in the same way; else a new one there.

    One that was made in the same way and interrupted goes on where it stopped. One that was made
    in another way is left as it is.

    Args:
        train: `train_recommender` or `train_gan`.
        catalogue: As for `train`.
        out: The run folder.
        options: As for `train`.
        seed: As for `train`.
        **rest: More for `train`: a split.

    Returns:
        The finished run.

    Raises:
        InputError: If `out` holds another run, whose difference it names, or something else, or
            the training was interrupted.
    """
    run = train(catalogue, out, options, seed=seed, **rest)
    if run.metrics["interrupted"]:
        raise InputError(f"{run.path} was interrupted; start again to train it to its end.")
    return run
