"""Validation AUC at the end of each epoch, as a Keras callback."""

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.data.pipelines import Pictures, picture_batches
from keras_fashion.data.split import Split
from keras_fashion.distribution.workers import Workers
from keras_fashion.errors import ScoresDiverged
from keras_fashion.evaluation.ranking import rank_held_out


class ValidationAUC(keras.callbacks.Callback):
    """Adds the exact `val_auc` and `val_auc_matched` to the logs of each epoch.

    `val_auc` is the mean AUC of the validation users over all items, and `val_auc_matched` that
    over the items that were bought as often as the validation item. Scores that are not finite are
    logged as NaN.

    The callback also adapts the model's users to the items of the epoch
    (`Recommender.adapt_users`), so that the model can be saved and used as it is.

    Put it before `EarlyStopping`, `ModelCheckpoint` or `TensorBoard` in the list of callbacks,
    which read what it adds. The first two need `mode="max"`, because Keras cannot tell from the
    name that a higher value is better:
    `keras.callbacks.EarlyStopping("val_auc", mode="max", patience=4, restore_best_weights=True)`.

    Several workers share the computation: each embeds a part of the items and ranks for a part of
    the users.

    Args:
        split: Split with the validation part.
        pictures: (I, H, W, 3) uint8, for models that use pictures, or (I, F) float features in
            their place.
        workers: Workers of the training; by default this process alone.

    Example:
        >>> import keras_fashion as kf
        >>> train = np.array([[0, 0], [0, 1], [1, 2]], np.int32)
        >>> validation = np.array([[0, 2], [1, 3]], np.int32)
        >>> split = Split(2, 4, train, validation, np.empty((0, 2), np.int32))
        >>> model = kf.models.BPRMF(num_users=2, num_items=4, latent_size=2)
        >>> callback = ValidationAUC(split)
        >>> callback.set_model(model)
        >>> logs = {}
        >>> callback.on_epoch_end(0, logs)
        >>> 0 <= logs["val_auc"] <= 1
        True
    """

    def __init__(
        self,
        split: Split,
        pictures: Pictures | None = None,
        workers: Workers | None = None,
    ) -> None:
        super().__init__()
        self.split = split
        self.workers = workers or Workers(tf.distribute.get_strategy())
        self.items = self.workers.local_slice(split.num_items)
        self.pictures = None if pictures is None else picture_batches(pictures, items=self.items)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Scores all items for all validation users and adds the means to the logs."""
        logs = {} if logs is None else logs
        if self.pictures is None:
            items = self.model.item_vectors()
        else:
            part = self.model.item_vectors(self.pictures, self.items)
            items = self.workers.gather(part, self.split.num_items)
        self.model.adapt_users(items, self.split.train, self.split.days_of("train"))
        vectors = self.model.held_out_vectors(items, self.split, "validation")
        users = len(self.split.validation)
        rows = self.workers.local_slice(users)
        try:
            ranks = rank_held_out(vectors, self.split, "validation", rows=rows)
            own = np.stack([ranks.auc, ranks.matched], axis=1)
        except ScoresDiverged:  # An infinite AUC marks the users of this worker.
            own = np.full((rows.stop - rows.start, 2), np.inf)
        found = self.workers.gather(own, users)
        for name, values in zip(("val_auc", "val_auc_matched"), found.T, strict=True):
            # It is not logged if no validation item has another item of the same count.
            if (measured := values[~np.isnan(values)]).size:
                mean = float(measured.mean())
                logs[name] = mean if np.isfinite(mean) else float("nan")
