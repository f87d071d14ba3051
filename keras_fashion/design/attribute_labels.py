"""Attributes of pictures by name: measured ones, and labels of the catalogue as classifiers."""

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
from keras_fashion.design.picture_attributes import ATTRIBUTES, measure_attributes
from keras_fashion.errors import InputError
from keras_fashion.models.picture_generator import PictureGenerator

MAX_PICTURES = 3000
"""Largest number of pictures that a label's classifier is fitted to; they are drawn at random."""

_THUMBNAIL_SIZE = (8, 8)
_FOLDS = 5
_MINIMUM_AUC = 0.6
"""Smallest AUC with which a label counts as visible in pictures."""


class LabelAttribute:
    """The degree to which a picture looks like those with a label.

    It is the decision value of a linear classifier, which sees a thumbnail of the picture and its
    `measure_attributes`.

    Args:
        pictures: (N, H, W, 3) uint8, real pictures, preferably of a single category.
        has_label: (N,) bool.

    Attributes:
        auc: Mean AUC on the left-out pictures of a 5-fold cross-validation; 0.5 is chance.

    Raises:
        InputError: If fewer than 5 pictures have the label or fewer than 5 do not, or if the label
            is not visible in pictures, such as the feel of a fabric (an `auc` below 0.6).

    Example:
        >>> shades = np.linspace(0, 240, 20).astype(np.uint8)
        >>> pictures = np.tile(shades[:, None, None, None], (1, 16, 16, 3))
        >>> is_dark = LabelAttribute(pictures, has_label=shades < 120)
        >>> is_dark.auc
        1.0
        >>> black, white = is_dark(pictures[[0, -1]])
        >>> bool(black > 0 > white)
        True
    """

    def __init__(self, pictures: np.ndarray, has_label: np.ndarray) -> None:
        with_label = int(np.sum(has_label))
        if min(with_label, len(has_label) - with_label) < _FOLDS:
            raise InputError(
                f"{with_label} of {len(has_label)} pictures have the label; an attribute takes "
                f"{_FOLDS} with it and {_FOLDS} without."
            )
        features = _features(pictures)
        classifier = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
        model = make_pipeline(StandardScaler(), classifier)
        scores = cross_val_score(model, features, has_label, scoring="roc_auc", cv=_FOLDS)
        self.auc = float(scores.mean())
        if self.auc < _MINIMUM_AUC:
            raise InputError(
                f"pictures do not show this label (AUC {self.auc:.2f} on others); take another."
            )
        self._model = model.fit(features, has_label)

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """Returns the log-odds of the label.

        Args:
            pictures: (N, H, W, 3) uint8 of any size.

        Returns:
            (N,) float64.
        """
        return self._model.decision_function(_features(pictures))


def _features(pictures: np.ndarray) -> np.ndarray:
    """Returns the features of the classifier, (N, F) float."""
    small = resize(pictures, (len(pictures), *_THUMBNAIL_SIZE, 3), anti_aliasing=True)
    return np.hstack([small.reshape(len(pictures), -1), measure_attributes(pictures)])


def named_attributes(
    names: Sequence[str], catalogue: Catalogue, category: int, picture_size: tuple[int, int]
) -> Callable[[np.ndarray], pd.DataFrame]:
    """Makes the function that measures attributes by name, for `find_directions`.

    Args:
        names: Names from `ATTRIBUTES`, and labels as "COLUMN=VALUE", such as
            "colour_group_name=Black".
        catalogue: Catalogue whose items show what the labels look like.
        category: Dense index of the category whose items are used.
        picture_size: Height and width of the pictures that will be measured.

    Returns:
        A function of (N, H, W, 3) uint8 pictures that returns a table of N rows with a column for
        each name.

    Raises:
        InputError: If there is no such attribute, column or value, or if a label's classifier
            cannot be fitted (`LabelAttribute`).

    Example:
        >>> from types import SimpleNamespace
        >>> catalogue = SimpleNamespace()  # of which measured attributes need nothing
        >>> measure = named_attributes(["hem", "length"], catalogue, 0, (32, 32))
        >>> list(measure(np.zeros((2, 32, 32, 3), np.uint8)))
        ['hem', 'length']
    """
    names = list(dict.fromkeys(names))
    labels: dict[str, LabelAttribute] = {}
    for name in names:
        if "=" in name:
            labels[name] = _label(name, catalogue, category, picture_size)
        elif name not in ATTRIBUTES:
            raise InputError(
                f"no attribute {name!r}; there are {', '.join(ATTRIBUTES)}, and COLUMN=VALUE for "
                "a label of the catalogue."
            )

    def measure(pictures: np.ndarray) -> pd.DataFrame:
        table = measure_attributes(pictures)
        return table.assign(**{name: label(pictures) for name, label in labels.items()})[names]

    return measure


def _label(
    name: str, catalogue: Catalogue, category: int, picture_size: tuple[int, int]
) -> LabelAttribute:
    column, value = name.split("=", 1)
    has_label = catalogue.items_where([(column, value)])
    items = np.flatnonzero(catalogue.item_categories == category)
    items = np.random.default_rng(0).permutation(items)[:MAX_PICTURES]
    try:
        return LabelAttribute(catalogue.pictures_of(items.tolist(), picture_size), has_label[items])
    except InputError as error:
        raise InputError(f"{name} in {catalogue.categories[category]}: {error}") from error


def attribute_directions(
    gan: PictureGenerator, catalogue: Catalogue, category: int, names: Sequence[str]
) -> np.ndarray | None:
    """Finds the directions along which a search must not move if attributes are to stay.

    Args:
        gan: Generator that is probed.
        catalogue: Catalogue whose items show what its labels look like.
        category: Dense index.
        names: Names of the attributes, as in `named_attributes`.

    Returns:
        (H, Z) float32, `fixed_directions` of `PreferenceMaximizer.design` and of `redesign`; None
        for no names.

    Raises:
        InputError: If there is no such attribute.

    Example:
        >>> from types import SimpleNamespace
        >>> class BrightnessGAN:  # draws gray pictures, whose brightness is the first coordinate
        ...     latent_dim = 2
        ...     picture_size = (16, 16)
        ...     def draw(self, latents, category):
        ...         shades = 127.5 * (latents[:, :1, None, None] + 1)
        ...         return np.tile(shades, (1, 16, 16, 3)).astype(np.uint8)
        >>> catalogue = SimpleNamespace()  # of which measured attributes need nothing
        >>> directions = attribute_directions(BrightnessGAN(), catalogue, 0, ["lightness"])
        >>> np.abs(directions).round(1).tolist()
        [[1.0, 0.0]]
    """
    if not names:
        return None
    measure = named_attributes(names, catalogue, category, gan.picture_size)
    return find_directions(gan, category, measure).held_basis(list(dict.fromkeys(names)))
