"""Validation AUC at the end of each epoch, as a Keras callback."""

import keras
import numpy as np

from keras_fashion.catalogue.pipelines import picture_batches
from keras_fashion.catalogue.split import Split
from keras_fashion.errors import InputError
from keras_fashion.evaluation.ranking import rank_held_out


class ValidationAUC(keras.callbacks.Callback):
    """Adds the exact `val_auc` and `val_auc_matched` to each epoch's logs.

    Put it before `EarlyStopping`, `ModelCheckpoint` or `TensorBoard` in the list of callbacks:
    they read what it adds.

    Args:
        split: Whose validation part is scored.
        pictures: (I, H, W, 3) uint8 for models that see, else None.
    """

    def __init__(self, split: Split, pictures: np.ndarray | None = None) -> None:
        super().__init__()
        self.split = split
        self.pictures = None if pictures is None else picture_batches(pictures)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Scores all items for all validation users."""
        vectors = self.model.scoring_vectors(self.pictures, self.split.train)
        try:
            means = rank_held_out(vectors, self.split, part="validation").means()
        except InputError:  # scores that are NaN: the training has diverged, which others end
            logs["val_auc"] = logs["val_auc_matched"] = float("nan")
            return
        logs["val_auc"] = means["auc_all"]
        # None where no held-out item has a rival of equal count: TensorBoard takes numbers only.
        if means["auc_matched"] is not None:
            logs["val_auc_matched"] = means["auc_matched"]
