"""A catalogue's label as an attribute that can be measured on any picture."""

import numpy as np
from skimage.transform import resize
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from keras_fashion.design.picture_attributes import picture_attributes
from keras_fashion.errors import InputError

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
