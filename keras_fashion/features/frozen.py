"""Frozen features: what VisRank, VBPR and the like know of an item before anything is learned."""

from collections.abc import Sequence

import numpy as np

from keras_fashion.data import Catalogue, picture_batches
from keras_fashion.data.columns import item_columns
from keras_fashion.errors import InputError
from keras_fashion.features.classifier import category_classifier
from keras_fashion.features.pretrained import backbone_features_path
from keras_fashion.models.backbones import BACKBONES

MOST_VALUES = 10_000


def frozen_features(catalogue: Catalogue, names: Sequence[str] = ("classifier",)) -> np.ndarray:
    """Features of all items, one block for each name side by side.

    `classifier` is what the catalogue's category classifier sees (it is trained if need be),
    `attributes` is the category and all attributes as centered one-hot columns, and the name of a
    backbone stands for what `keras-fashion features` has made with it. Every block is scaled to a
    mean squared norm of 1, so that none drowns another in a dot product or a distance.

    Args:
        catalogue: Whose items.
        names: At least one.

    Returns:
        (I, F) float32, in item order.

    Raises:
        InputError: If a name is unknown, no name is given, a backbone's features have not been
            made or are damaged, or the attributes have too many values to be columns.
    """
    if not names:
        raise InputError(f"name at least one kind of features: {', '.join(_known())}.")
    blocks = [_block(catalogue, name) for name in names]
    return np.concatenate([_unit_mean_square(block) for block in blocks], axis=1)


def _known() -> list[str]:
    return ["classifier", "attributes", *BACKBONES]


def _block(catalogue: Catalogue, name: str) -> np.ndarray:
    if name == "classifier":
        return _of_the_classifier(catalogue)
    if name == "attributes":
        return _of_the_attributes(catalogue)
    if name in BACKBONES:
        return _of_a_backbone(catalogue, name)
    raise InputError(f"there are no features {name!r}; there are {', '.join(_known())}.")


def _of_the_classifier(catalogue: Catalogue) -> np.ndarray:
    if len(catalogue.categories) < 2:
        raise InputError(
            f"catalogue {catalogue.name} has one category: its classifier would learn nothing; "
            "take the features of a backbone, made with `keras-fashion features`."
        )
    model = category_classifier(catalogue)
    batches = picture_batches(catalogue.pictures(model.picture_size))
    return np.concatenate([model.features(batch).numpy() for batch in batches])


def _of_the_attributes(catalogue: Catalogue) -> np.ndarray:
    codes, num_values = item_columns(catalogue, ["category", *catalogue.attributes])
    if num_values > MOST_VALUES:
        counts = {name: len(each.values) for name, each in catalogue.attributes.items()}
        listed = ", ".join(f"{name} ({count:,})" for name, count in counts.items())
        raise InputError(
            f"the attributes of catalogue {catalogue.name} have {num_values:,} values, and "
            f"features take {MOST_VALUES:,} at most: prepare it without those that have most, of "
            f"{listed}."
        )
    columns = np.zeros((len(codes), num_values), np.float32)
    np.put_along_axis(columns, codes, 1, axis=1)
    columns -= columns.mean(axis=0)
    return columns


def _of_a_backbone(catalogue: Catalogue, name: str) -> np.ndarray:
    path = backbone_features_path(catalogue, name)
    make = f"`keras-fashion features {catalogue.path} --backbone {name}`"
    if not path.is_file():
        raise InputError(f"{path} is not there; make it with {make}.")
    try:
        features = np.load(path)
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"{path} is damaged ({error}); make it again with {make}.") from error
    if features.ndim != 2 or len(features) != len(catalogue.item_ids):
        raise InputError(
            f"{path} is of shape {features.shape}, not of the catalogue's "
            f"{len(catalogue.item_ids):,} items; make it again with {make}."
        )
    return features.astype(np.float32)


def _unit_mean_square(features: np.ndarray) -> np.ndarray:
    spread = np.sqrt(np.square(features).sum(axis=1).mean())
    return features / spread if spread > 0 else features
