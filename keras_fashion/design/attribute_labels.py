"""Attributes of generated pictures, and the directions of the latent space that change them."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from skimage.transform import resize
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from keras_fashion.data import Catalogue
from keras_fashion.design.edit_directions import find_directions
from keras_fashion.design.picture_attributes import ATTRIBUTES, picture_attributes
from keras_fashion.errors import InputError
from keras_fashion.models.conditional_gan import ConditionalGAN

_THUMBNAIL = (8, 8)
_FOLDS = 5
_VISIBLE = 0.6
"""AUC from which on a label is said to be seen in pictures."""


class LabelAttribute:
    """How much a picture looks like those of a label: a linear classifier's decision value.

    It sees a thumbnail of the picture and its `picture_attributes`.

    Args:
        pictures: (N, H, W, 3) uint8, real ones, best of a single category.
        has_label: (N,) bool.

    Attributes:
        auc: Of pictures that the classifier was not fitted to (5 folds): 0.5 is chance.

    Raises:
        InputError: If fewer than 5 pictures have the label, or fewer than 5 have it not; if it
            leaves no trace in pictures, as a fabric's touch (an `auc` below 0.6).
    """

    def __init__(self, pictures: np.ndarray, has_label: np.ndarray) -> None:
        with_label = int(np.sum(has_label))
        if min(with_label, len(has_label) - with_label) < _FOLDS:
            raise InputError(
                f"{with_label} of {len(has_label)} pictures have the label; an attribute takes "
                f"{_FOLDS} with it and {_FOLDS} without."
            )
        seen = _features(pictures)
        classifier = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
        model = make_pipeline(StandardScaler(), classifier)
        self.auc = float(
            cross_val_score(model, seen, has_label, scoring="roc_auc", cv=_FOLDS).mean()
        )
        if self.auc < _VISIBLE:
            raise InputError(
                f"pictures do not show this label (AUC {self.auc:.2f} on others); take another."
            )
        self._model = model.fit(seen, has_label)

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """(N,) float64 log-odds of the label, of (N, H, W, 3) uint8 pictures of any size."""
        return self._model.decision_function(_features(pictures))


def _features(pictures: np.ndarray) -> np.ndarray:
    """(N, F) float: what the classifier sees."""
    small = resize(pictures, (len(pictures), *_THUMBNAIL, 3), anti_aliasing=True)
    return np.hstack([small.reshape(len(pictures), -1), picture_attributes(pictures)])


_MOST_PICTURES = 3000
"""That a label's classifier is fitted to, at most, drawn at random."""


def named_attributes(
    names: Sequence[str], catalogue: Catalogue, category: int, picture_size: tuple[int, int]
) -> Callable[[np.ndarray], pd.DataFrame]:
    """What `find_directions` measures.

    Args:
        names: Of `ATTRIBUTES`, or a label as "COLUMN=VALUE", such as "colour_group_name=Black".
        catalogue: Whose items teach what the labels look like.
        category: Dense index; only its items do.
        picture_size: Height and width of the pictures to measure.

    Returns:
        From (N, H, W, 3) uint8 pictures to N rows, a column a name.

    Raises:
        InputError: If there is no such attribute, column or value, or too few items have it.
    """
    names = list(dict.fromkeys(names))
    labels = {}
    for name in names:
        if "=" in name:
            labels[name] = _label(name, catalogue, category, picture_size)
        elif name not in ATTRIBUTES:
            raise InputError(
                f"no attribute {name!r}; there are {', '.join(ATTRIBUTES)}, and COLUMN=VALUE for "
                "a label of the catalogue."
            )

    def measure(pictures: np.ndarray) -> pd.DataFrame:
        table = picture_attributes(pictures)
        return table.assign(**{name: label(pictures) for name, label in labels.items()})[names]

    return measure


def _label(
    name: str, catalogue: Catalogue, category: int, picture_size: tuple[int, int]
) -> LabelAttribute:
    column, value = name.split("=", 1)
    has_label = catalogue.items_where([(column, value)])
    items = np.flatnonzero(catalogue.item_categories == category)
    items = np.random.default_rng(0).permutation(items)[:_MOST_PICTURES]
    try:
        return LabelAttribute(catalogue.pictures_of(items, picture_size), has_label[items])
    except InputError as error:
        raise InputError(f"{name} in {catalogue.categories[category]}: {error}") from error


def attribute_directions(
    gan: ConditionalGAN, catalogue: Catalogue, category: int, names: Sequence[str]
) -> np.ndarray | None:
    """Directions along which no design moves, so that attributes stay, by linear probes.

    Args:
        gan: Whose generator is probed.
        catalogue: Whose items teach what its labels look like.
        category: Dense index.
        names: As in `named_attributes`.

    Returns:
        (H, Z) float32, `fixed_directions` of `PreferenceMaximizer.design` and of `redesign`; None
        for no names.

    Raises:
        InputError: If there is no such attribute.
    """
    if not names:
        return None
    measure = named_attributes(names, catalogue, category, gan.picture_size)
    return find_directions(gan, category, measure).held_basis(list(dict.fromkeys(names)))
