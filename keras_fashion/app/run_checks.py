"""Checks that a run, or two runs together, can be used for what a command is asked to do.

Example:
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> for model, fingerprint in (("dvbpr", "e5c1"), ("gan", "07aa")):
    ...     (folder / model).mkdir()
    ...     config = {"model": model, "seed": 0, "catalogue": "/shop", "fingerprint": fingerprint}
    ...     _ = (folder / model / "config.json").write_text(json.dumps(config))
    >>> dvbpr, gan = Run(folder / "dvbpr"), Run(folder / "gan")
    >>> require_gan(gan).path.name
    'gan'
    >>> require_matching_pair(dvbpr, gan)
    Traceback (most recent call last):
        ...
    keras_fashion.errors.InputError: ... were trained on different catalogues; train both on the
    same one.
"""

import numpy as np

from keras_fashion.app.run import Run
from keras_fashion.errors import InputError


def require_finished(run: Run) -> Run:
    """Returns a run whose training has reached its end.

    `train_recommender` and `train_gan` return normally when the user interrupts them, because the
    model of the epochs so far can be used. A recipe that compares models must not use it.

    Args:
        run: The run.

    Raises:
        InputError: If the training was interrupted.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> run = Run(tempfile.mkdtemp())
        >>> run.write_json("metrics.json", {"interrupted": True})
        >>> require_finished(run)
        Traceback (most recent call last):
            ...
        keras_fashion.errors.InputError: ... was interrupted; start again to train it to its end.
    """
    if run.metrics.get("interrupted", True):
        raise InputError(f"{run.path} was interrupted; start again to train it to its end.")
    return run


def require_dvbpr(run: Run) -> Run:
    """Returns the run of a DVBPR whose scores depend on the picture of an item only.

    Args:
        run: The run.

    Raises:
        InputError: If it is the run of another model, or of a DVBPR with latent vectors, biases or
            popularity of items.

    Example:
        >>> from types import SimpleNamespace
        >>> run = SimpleNamespace(path="runs/bprmf", config={"model": "bprmf"})  # stands for a run
        >>> require_dvbpr(run)
        Traceback (most recent call last):
            ...
        keras_fashion.errors.InputError: runs/bprmf is a run of bprmf, not of dvbpr, and no other
        model learns from the pictures themselves; train a dvbpr.
    """
    if run.config["model"] != "dvbpr":
        raise InputError(
            f"{run.path} is a run of {run.config['model']}, not of dvbpr, and no other model "
            "learns from the pictures themselves; train a dvbpr."
        )
    options = run.config.get("options", {})
    if any(options.get(name) for name in ("latent_size", "bias", "popularity")):
        raise InputError(
            f"{run.path} was trained with latent vectors, biases or popularity of items "
            "(--latent-size, --bias, --popularity). A designed picture has none, and an "
            "explanation of a picture would omit them; use a dvbpr without these options."
        )
    return run


def require_gan(run: Run) -> Run:
    """Returns the run of a GAN.

    Args:
        run: The run.

    Raises:
        InputError: If it is the run of another model.

    Example:
        >>> from types import SimpleNamespace
        >>> run = SimpleNamespace(path="runs/gan", config={"model": "gan"})  # stands for a run
        >>> require_gan(run).path
        'runs/gan'
    """
    if run.config["model"] != "gan":
        raise InputError(
            f"{run.path} is a run of {run.config['model']}; only that of a gan can generate "
            "pictures."
        )
    return run


def require_time_terms(run: Run) -> Run:
    """Returns the run of a recommender that knows trends or seasons.

    Args:
        run: The run.

    Raises:
        InputError: If it knows none.

    Example:
        >>> from types import SimpleNamespace
        >>> run = SimpleNamespace(path="runs/bprmf", model=None)  # stands for a run
        >>> require_time_terms(run)
        Traceback (most recent call last):
            ...
        keras_fashion.errors.InputError: runs/bprmf knows no trend and no season; train a vbpr or a
        dvbpr with --split-time and --time-terms (trend, season, category).
    """
    if getattr(run.model, "time_terms", None) is None:
        raise InputError(
            f"{run.path} knows no trend and no season; train a vbpr or a dvbpr with --split-time "
            "and --time-terms (trend, season, category)."
        )
    return run


def require_matching_pair(recommender: Run, gan: Run) -> tuple[Run, Run]:
    """Returns the runs of a DVBPR and a GAN that were trained on the same catalogue.

    Args:
        recommender: The run of the DVBPR; see `require_dvbpr`.
        gan: The run of the GAN.

    Raises:
        InputError: If one is the run of another model, or if their catalogues differ.

    Example:
        >>> from types import SimpleNamespace
        >>> dvbpr, gan = (  # they stand for two runs
        ...     SimpleNamespace(path=f"runs/{name}", config={"model": name, "fingerprint": "e5c1"})
        ...     for name in ("dvbpr", "gan")
        ... )
        >>> [run.path for run in require_matching_pair(dvbpr, gan)]
        ['runs/dvbpr', 'runs/gan']
    """
    for run, model in ((recommender, "dvbpr"), (gan, "gan")):
        if run.config["model"] != model:
            raise InputError(
                f"{run.path} is a run of {run.config['model']}, not of {model}; give the run of a "
                "dvbpr first, then that of a gan."
            )
    _require_same_catalogue(require_dvbpr(recommender), gan)
    return recommender, gan


def require_independent_dvbpr(other: Run, *recommenders: Run) -> Run:
    """Returns the run of a DVBPR that is independent of others, with which designs are made.

    Args:
        other: The run of the DVBPR.
        *recommenders: The runs of the DVBPR that design.

    Raises:
        InputError: If it is one of the others, if it is not a DVBPR (see `require_dvbpr`), if the
            catalogues differ, or if it was not trained on all users of the others.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> run = Run(tempfile.mkdtemp())
        >>> config = {"model": "dvbpr", "seed": 0, "catalogue": "/shop", "fingerprint": "e5c1"}
        >>> run.write_json("config.json", config)
        >>> require_independent_dvbpr(run, run)
        Traceback (most recent call last):
            ...
        keras_fashion.errors.InputError: ... is the run that designs, so it always agrees with
        itself; give one that was trained with another --seed.
    """
    require_dvbpr(other)
    for recommender in recommenders:
        if other.path.resolve() == recommender.path.resolve():
            raise InputError(
                f"{other.path} is the run that designs, so it always agrees with itself; give one "
                "that was trained with another --seed."
            )
        _require_same_catalogue(other, recommender)
        missing = np.setdiff1d(recommender.split.train[:, 0], other.split.train[:, 0])
        if len(missing):
            raise InputError(
                f"{other.path} was not trained on {len(missing)} of the users of "
                f"{recommender.path}; train both with the same --split, or both without."
            )
    return other


def _require_same_catalogue(first: Run, second: Run) -> None:
    if first.config["fingerprint"] != second.config["fingerprint"]:
        raise InputError(
            f"{first.path} and {second.path} were trained on different catalogues; train both on "
            "the same one."
        )
