import keras
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from keras_fashion.callbacks.validation_auc import ValidationAUC
from keras_fashion.data.pictures import scale
from keras_fashion.data.pipelines import triplets
from keras_fashion.data.split import leave_one_out
from keras_fashion.errors import InputError
from keras_fashion.models import BPRMF, DVBPR, CompactEncoder


class LastLogs(keras.callbacks.Callback):
    """Stands after ValidationAUC, as EarlyStopping does."""

    def on_epoch_end(self, epoch, logs):
        self.logs = dict(logs)


def validation_auc(scores, catalogue, split):
    values = []
    for user, item in split.validation:
        negatives = np.setdiff1d(np.arange(split.num_items), catalogue.items_of(user))
        truth = np.append(np.zeros(len(negatives)), 1)
        values.append(roc_auc_score(truth, scores[user, [*negatives, item]]))
    return np.mean(values)


def test_logs_hold_the_auc_of_the_validation_part(tiny_catalogue):
    split = leave_one_out(tiny_catalogue, seed=0)
    model = BPRMF(split.num_users, split.num_items, 4)
    model.compile(optimizer=keras.optimizers.Adam(0.05))
    last = LastLogs()
    history = model.fit(
        triplets(split, 16, 0),
        epochs=2,
        steps_per_epoch=split.steps(16),
        callbacks=[ValidationAUC(split), last],
        verbose=0,
    ).history

    scores = model.gamma_user.numpy() @ model.gamma_item.numpy().T + model.beta_item.numpy()
    expected = validation_auc(scores, tiny_catalogue, split)
    assert history["val_auc"][-1] == pytest.approx(expected)
    assert len(history["val_auc"]) == 2
    assert last.logs["val_auc"] == history["val_auc"][-1]
    assert 0 <= last.logs["val_auc_matched"] <= 1


def test_a_model_that_sees_is_shown_the_pictures(tiny_catalogue):
    split = leave_one_out(tiny_catalogue, seed=0)
    pictures = tiny_catalogue.pictures((16, 16))
    model = DVBPR(split.num_users, split.num_items, CompactEncoder(4, (16, 16), 4))
    model.theta.assign(np.random.default_rng(0).normal(0, 1, model.theta.shape))
    callback = ValidationAUC(split, pictures)
    callback.set_model(model)
    logs = {}
    callback.on_epoch_end(0, logs)
    items = model.encoder(scale(pictures[np.arange(split.num_items)])).numpy()
    expected = validation_auc(model.theta.numpy() @ items.T, tiny_catalogue, split)
    assert logs["val_auc"] == pytest.approx(expected)
    assert 0 <= logs["val_auc_matched"] <= 1


def test_scores_that_are_no_numbers_are_logged_as_nan(tiny_catalogue):
    split = leave_one_out(tiny_catalogue, seed=0)
    model = BPRMF(split.num_users, split.num_items, 4)
    model.gamma_item.assign(np.full(model.gamma_item.shape, np.nan))
    callback, logs = ValidationAUC(split), {}
    callback.set_model(model)
    callback.on_epoch_end(0, logs)
    assert np.isnan(logs["val_auc"]) and np.isnan(logs["val_auc_matched"])


def test_a_mistake_of_another_kind_is_not_taken_for_divergence(tiny_catalogue):
    split = leave_one_out(tiny_catalogue, seed=0)
    callback = ValidationAUC(split)
    callback.set_model(BPRMF(split.num_users, split.num_items + 1, 4))
    with pytest.raises(InputError, match=f"{split.num_items + 1} items; the split has"):
        callback.on_epoch_end(0, {})
