"""Going on with the run of a GAN that stopped: is it the same training, and where was it?"""

import csv
import time
from dataclasses import asdict, fields
from pathlib import Path

from keras_fashion.catalogue import Catalogue
from keras_fashion.errors import InputError
from keras_fashion.run import Run
from keras_fashion.training.options import GANOptions, PictureSize
from keras_fashion.written_aside import written_aside


def recorded_options(run: Run) -> GANOptions:
    """The options that a GAN's run was started with.

    Raises:
        InputError: If the folder is no run of a GAN, or one of another version's.
    """
    model = run.config["model"]
    if model != GANOptions.model:
        raise InputError(f"{run.path} is a run of {model}; only that of a gan can be resumed.")
    recorded = run.config.get("options")
    known = {field.name for field in fields(GANOptions)}
    if not isinstance(recorded, dict) or not set(recorded) <= known:
        raise InputError(
            f"{run.path} was made by another version of keras-fashion, whose options are not "
            "today's; train anew with another --out."
        )
    try:
        size = PictureSize(*recorded.get("picture_size", GANOptions.picture_size))
    except TypeError as error:
        raise InputError(
            f"{run.path / 'config.json'} has no picture_size of two numbers; train anew with "
            "another --out."
        ) from error
    return GANOptions(**(recorded | {"picture_size": size}))


def resumed_run(catalogue: Catalogue, out: Path, options: GANOptions, seed: int) -> Run:
    """A run that may go on in this way.

    Args:
        catalogue: Which must be the run's.
        out: The run folder.
        options: Which must be the run's, but for more epochs.
        seed: Which must be the run's.

    Raises:
        InputError: If anything differs, naming it, its old and its new value.
    """
    run = Run(out)
    old, new = asdict(recorded_options(run)), asdict(options)
    if run.config["fingerprint"] != catalogue.fingerprint:
        raise InputError(
            f"{out} was trained on another catalogue than {catalogue.path} (fingerprints "
            f"{run.config['fingerprint'][:12]} and {catalogue.fingerprint[:12]}); resume it with "
            "its own."
        )
    for name, before in ({"seed": run.config["seed"]} | old).items():
        now = (new | {"seed": seed})[name]
        if now != before and not (name == "epochs" and now > before):
            flag = "--" + name.replace("_", "-")
            more = " or more" if name == "epochs" else ""
            raise InputError(
                f"{out} was started with {flag} {_shown(before)}, not {_shown(now)}; resume it "
                f"with {_shown(before)}{more}."
            )
    return run


def take_up(run: Run, options: GANOptions, epochs_done: int) -> None:
    """Makes a run ready to go on: its clock, its options and its history.

    Args:
        run: Of which `model.keras` is kept.
        options: From now on.
        epochs_done: Whole epochs that the kept model has seen. Rows of later ones, which a killed
            process may have written, are dropped from `history.csv`.
    """
    run.started = time.monotonic() - run.metrics.get("training_seconds", 0.0)
    run.finish(interrupted=True)
    run.config["options"] = asdict(options)
    run.write_json("config.json", run.config)
    history = run.path / "history.csv"
    if history.is_file():
        with open(history, newline="") as file:
            header, *rows = list(csv.reader(file)) or [[]]
        whole = (row for row in rows if len(row) == len(header) and row[0].isdigit())
        kept = [row for row in whole if int(row[0]) < epochs_done]
        with written_aside(history) as aside, open(aside, "w", newline="") as file:
            csv.writer(file).writerows([header, *kept] if header else [])


def _shown(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
