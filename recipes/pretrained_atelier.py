r"""Trains, measures and writes the models that come with the package (`keras_fashion/pretrained`).

    python recipes/pretrained_atelier.py --out runs/pretrained

The world is that of `make demo`, whose study is repeated here. The GAN takes an hour on one
processor core. What is finished is not trained again. The pictures of the README are written under
--out.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import click
from click import IntRange

from keras_fashion.app.cli import PlainCommand, quiet_tensorflow

quiet_tensorflow()

# ruff: noqa: E402
import keras_fashion
from keras_fashion import atomic_write
from keras_fashion.app import (
    GANOptions,
    Run,
    recommender_options,
    require_finished,
    train_gan,
    train_recommender,
    unpack_pretrained,
)
from keras_fashion.app.report import redesigns_sheet, samples_sheet, users_sheet
from keras_fashion.data import Atelier, Catalogue, Oracle, prepare
from keras_fashion.design import PreferenceMaximizer
from keras_fashion.evaluation import (
    GenerationStudy,
    generation_study,
    rank_held_out,
    true_utilities,
)
from keras_fashion.features import category_classifier
from keras_fashion.models import GAN_PRESETS, save_half_precision

WORLD = {"seed": 0, "users": 600, "items": 2800}
NUM_PAIRS = 36
PRETRAINED = Path(keras_fashion.__file__).parent / "pretrained" / "atelier"


@click.command(cls=PlainCommand)
@click.option(
    "--out", type=click.Path(path_type=Path), default="runs/pretrained", show_default=True
)
@click.option("--gan-epochs", type=IntRange(1), default=48, show_default=True)
def pretrained_atelier(out: Path, gan_epochs: int) -> None:
    """Train the models that come with the package, and write them with half precision."""
    if not (out / "atelier").exists():
        prepare(Atelier(**WORLD), out / "atelier", name="atelier")
    catalogue = Catalogue.load(out / "atelier")
    runs = {
        "dvbpr": train_recommender(
            catalogue,
            out / "dvbpr",
            recommender_options("dvbpr", epochs=40, batch_size=64, negatives=64, history=64),
        ),
        "gan": train_gan(
            catalogue,
            out / "gan",
            GANOptions(epochs=gan_epochs, width=28, mixed_precision=True),
        ),
    }
    runs = {name: require_finished(run) for name, run in runs.items()}

    PRETRAINED.mkdir(parents=True, exist_ok=True)
    save_half_precision(runs["dvbpr"].model, PRETRAINED / "dvbpr.keras")
    # Without bfloat16, which many processors only emulate.
    trained = runs["gan"].model
    gan = GAN_PRESETS["default"].make(len(catalogue.categories), trained.picture_size, width=28)
    gan.set_weights(trained.get_weights())
    save_half_precision(gan, PRETRAINED / "gan.keras")
    training = {
        "catalogue": WORLD,
        "runs": {name: without_places(run) for name, run in runs.items()},
        "seconds": {name: run.metrics["training_seconds"] for name, run in runs.items()},
    }
    write_training(training)
    unpacked = out / "unpacked"
    if unpacked.exists():
        shutil.rmtree(unpacked)
    unpack_pretrained("atelier", unpacked)
    dvbpr, gan_run = Run(unpacked / "dvbpr"), Run(unpacked / "gan")
    maximizer = PreferenceMaximizer(dvbpr.model, gan_run.model)
    study = repeat_study(dvbpr, maximizer)
    measured = measures(dvbpr, study)
    write_training(training | {"measured": measured})
    sheets = {
        "samples.png": samples_sheet(gan_run),
        "people.png": users_sheet(dvbpr, study.users[:6], study.categories[:6], study.designs),
        "redesign.png": redesigns_sheet(
            dvbpr, maximizer, study.users[:4], study.categories[:4], seed=0
        ),
    }
    for name, sheet in sheets.items():
        with atomic_write(out / name) as aside:
            sheet.save(aside, "PNG")
    click.echo(json.dumps(measured, indent=2))


def write_training(training: dict[str, Any]) -> None:
    """Replaces the file of the package that says how its models were trained."""
    with atomic_write(PRETRAINED / "training.json") as aside:
        aside.write_text(json.dumps(training, indent=2) + "\n")


def without_places(run: Run) -> dict[str, Any]:
    """Returns the `config.json` of a run without what holds on this machine only."""
    return {
        name: value
        for name, value in run.config.items()
        if name not in ("catalogue", "fingerprint", "versions")
    }


def repeat_study(dvbpr: Run, maximizer: PreferenceMaximizer) -> GenerationStudy:
    """Repeats the study of `make demo` with the models that come with the package.

    Args:
        dvbpr: Run of the recommender, as `unpack_pretrained` writes it.
        maximizer: Maximizer of its model and of the GAN.
    """
    return generation_study(
        dvbpr,
        maximizer.gan,
        category_classifier(dvbpr.catalogue),
        {"generation": maximizer},
        NUM_PAIRS,
        # The curve over eta is not recorded.
        num_pairs_for_eta=1,
        etas=(0.0,),
    )


def measures(dvbpr: Run, study: GenerationStudy) -> dict[str, Any]:
    """Returns what is recorded with the models.

    Returns:
        The ranking metrics, and by method the means of the study of designs and the shares of users
        who truly prefer the first picture to the first retrieved item and to the best item.
    """
    catalogue = dvbpr.catalogue
    names = [catalogue.categories[index] for index in study.categories]
    truth = true_utilities(Oracle.load(catalogue.path), study.users, names, study.pictures)
    above = truth.groupby("method", sort=False)[["above_retrieved", "above_best"]].mean()
    table = study.table(["preference", "discriminator", "opposite_ssim"])
    return {
        "recommendation": rank_held_out(dvbpr.vectors, dvbpr.split).means(),
        "generation": {
            method: {name: each and each.mean for name, each in row.items()}
            for method, row in table.items()
        },
        "truth": above.to_dict("index"),
    }


if __name__ == "__main__":
    pretrained_atelier()
