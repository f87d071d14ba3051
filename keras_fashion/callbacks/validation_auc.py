"""Validation AUC at the end of each epoch, as a Keras callback."""

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.data.pipelines import picture_batches
from keras_fashion.data.split import Split
from keras_fashion.distribution.workers import Workers
from keras_fashion.errors import ScoresDiverged
from keras_fashion.evaluation.ranking import rank_held_out


class ValidationAUC(keras.callbacks.Callback):
    """Adds the exact `val_auc` and `val_auc_matched` to each epoch's logs.

    The model is told what users bought by the items of that epoch (`Recommender.adapt_users`), so
    that it can be saved and asked as it stands.

    Put it before `EarlyStopping`, `ModelCheckpoint` or `TensorBoard` in the list of callbacks:
    they read what it adds.

    Several workers share the work: each embeds a part of the items and ranks for a part of the
    users.

    Args:
        split: Whose validation part is scored.
        pictures: (I, H, W, 3) uint8 for models that see, else None.
        workers: Who train; by default this process alone.
    """

    def __init__(
        self,
        split: Split,
        pictures: np.ndarray | None = None,
        workers: Workers | None = None,
    ) -> None:
        super().__init__()
        self.split = split
        self.workers = workers or Workers(tf.distribute.get_strategy())
        self.items = self.workers.share(split.num_items)
        self.pictures = None if pictures is None else picture_batches(pictures, items=self.items)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Scores all items for all validation users."""
        if self.pictures is None:
            items = self.model.item_vectors()
        else:
            part = self.model.item_vectors(self.pictures, self.items)
            items = self.workers.all(part, self.split.num_items)
        self.model.adapt_users(items, self.split.train)
        vectors = self.model.scoring_vectors(items=items, train=self.split.train)
        users = len(self.split.validation)
        rows = self.workers.share(users)
        try:
            ranks = rank_held_out(vectors, self.split, "validation", rows=rows)
            own = np.stack([ranks.auc, ranks.matched], axis=1)
        except ScoresDiverged:  # which the loop of training ends
            own = np.full((rows.stop - rows.start, 2), np.inf)
        found = self.workers.all(own, users)
        for name, values in zip(("val_auc", "val_auc_matched"), found.T, strict=True):
            # None where no held-out item has a rival of equal count.
            if (measured := values[~np.isnan(values)]).size:
                mean = float(measured.mean())
                logs[name] = mean if np.isfinite(mean) else float("nan")
