"""Frozen features, which VisRank, VBPR and similar models take as given."""

from collections.abc import Sequence

import numpy as np

from keras_fashion.data import Catalogue, picture_batches
from keras_fashion.data.columns import describing_attributes, item_columns
from keras_fashion.errors import InputError
from keras_fashion.features.classifier import category_classifier
from keras_fashion.features.pretrained import backbone_features_path
from keras_fashion.models.backbones import BACKBONES

MAX_VALUES = 10_000
"""Largest number of different values of all attributes that become columns of features."""


def frozen_features(catalogue: Catalogue, names: Sequence[str] = ("classifier",)) -> np.ndarray:
    """Loads or computes the features of all items, and concatenates the blocks of several names.

    The block "classifier" holds the features of the catalogue's category classifier, which is
    trained if it does not exist yet. "attributes" holds the category and all attributes as centered
    one-hot columns. The name of a backbone is for the features that `make_backbone_features` has
    written. Every block is scaled to a mean squared norm of 1, so that none dominates a dot product
    or a distance.

    Args:
        catalogue: Catalogue of the items.
        names: Names of the blocks, at least one.

    Returns:
        (I, F) float32, in item order.

    Raises:
        InputError: If no name is given or a name is unknown, if the features of a backbone do not
            exist or are damaged, or if the attributes have more than `MAX_VALUES` values.

    Example:
        >>> from types import SimpleNamespace
        >>> from keras_fashion.data.columns import Attribute
        >>> category = Attribute(np.array(["Bags", "Tops"]), np.array([0, 1, 1], np.int32))
        >>> catalogue = SimpleNamespace(columns={"category": category}, attributes={})
        >>> frozen_features(catalogue, ["attributes"]).shape
        (3, 2)
    """
    if not names:
        raise InputError(f"name at least one kind of features: {', '.join(_names())}.")
    blocks = [_block(catalogue, name) for name in names]
    return np.concatenate([_scale_to_unit_mean_square(block) for block in blocks], axis=1)


def _names() -> list[str]:
    return ["classifier", "attributes", *BACKBONES]


def _block(catalogue: Catalogue, name: str) -> np.ndarray:
    if name == "classifier":
        return _classifier_features(catalogue)
    if name == "attributes":
        return _attribute_features(catalogue)
    if name in BACKBONES:
        return _backbone_features(catalogue, name)
    raise InputError(f"there are no features {name!r}; there are {', '.join(_names())}.")


def _classifier_features(catalogue: Catalogue) -> np.ndarray:
    if len(catalogue.categories) < 2:
        raise InputError(
            f"catalogue {catalogue.name} has one category, from which a classifier learns nothing; "
            "give the name of a backbone in `features`, after `make_backbone_features`."
        )
    model = category_classifier(catalogue)
    batches = picture_batches(catalogue.pictures(model.picture_size))
    return np.concatenate([model.features(batch).numpy() for batch in batches])


def _attribute_features(catalogue: Catalogue) -> np.ndarray:
    attributes = describing_attributes(catalogue.attributes)
    codes, num_values = item_columns(catalogue, ["category", *attributes])
    if num_values > MAX_VALUES:
        counts = {name: len(each.values) for name, each in attributes.items()}
        listed = ", ".join(f"{name} ({count:,})" for name, count in counts.items())
        raise InputError(
            f"the attributes of catalogue {catalogue.name} have {num_values:,} values, and "
            f"features are made of {MAX_VALUES:,} at most; prepare it without the attributes that "
            f"have the most: {listed}."
        )
    columns = np.zeros((len(codes), num_values), np.float32)
    np.put_along_axis(columns, codes, 1, axis=1)
    columns -= columns.mean(axis=0)
    return columns


def _backbone_features(catalogue: Catalogue, name: str) -> np.ndarray:
    path = backbone_features_path(catalogue, name)
    if not path.is_file():
        raise InputError(
            f"{path} does not exist; make_backbone_features(catalogue, {name!r}) makes it."
        )
    try:
        features = np.load(path)
    except (ValueError, OSError, EOFError) as error:
        raise InputError(
            f"{path} is damaged ({error}); make_backbone_features(catalogue, {name!r}) makes it "
            "again."
        ) from error
    if features.ndim != 2 or len(features) != len(catalogue.item_ids):
        raise InputError(
            f"{path} is of shape {features.shape}, which does not fit the "
            f"{len(catalogue.item_ids):,} items of the catalogue; make_backbone_features("
            f"catalogue, {name!r}) makes it again."
        )
    return features.astype(np.float32)


def _scale_to_unit_mean_square(features: np.ndarray) -> np.ndarray:
    norm = np.sqrt(np.square(features).sum(axis=1).mean())
    return features / norm if norm > 0 else features
