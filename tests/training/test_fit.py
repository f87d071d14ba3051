import csv

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.errors import InputError
from keras_fashion.run import Run
from keras_fashion.training.fit import KeepModel, fit


@pytest.fixture
def run(tmp_path, tiny_catalogue):
    return Run.create(
        tmp_path / "a-run", {"model": "line", "seed": 0, "split": None}, tiny_catalogue
    )


@pytest.fixture
def model():
    """y = w x, with its weight at 0."""
    line = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")]
    )
    line.compile(keras.optimizers.SGD(0.0), "mse")
    return line


@pytest.fixture
def dataset():
    return tf.data.Dataset.from_tensor_slices((np.ones((8, 1)), np.ones((8, 1)))).batch(4).repeat()


class FakedAUC(keras.callbacks.Callback):
    """Gives epoch e the AUC `values[e]` and marks the model by the weight e + 1."""

    def __init__(self, values, interrupt_at=None):
        super().__init__()
        self.values = values
        self.interrupt_at = interrupt_at

    def on_train_batch_end(self, batch, logs=None):
        if self.interrupt_at == (self.epoch, batch):
            raise KeyboardInterrupt

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        logs["val_auc"] = self.values[epoch]
        self.model.layers[0].kernel.assign([[epoch + 1.0]])


def kept_weight(run):
    return Run(run.path).model.layers[0].kernel.numpy().item()


@pytest.mark.parametrize(
    ("values", "best"),
    [
        ([0.6, 0.8, 0.7, 0.75], 2),
        ([0.9, 0.8, 0.7, 0.6], 1),
        ([0.5, 0.5, 0.6, 0.6], 3),  # of two equal ones, the first
        ([0.1, 0.3, 0.2, 0.4], 4),
    ],
)
def test_the_best_epoch_is_kept(run, model, dataset, values, best):
    fit(model, dataset, run, 4, 2, [FakedAUC(values), KeepModel(run, monitor="val_auc")])
    assert kept_weight(run) == best


def test_without_a_monitor_the_last_epoch_is_kept(run, model, dataset):
    fit(model, dataset, run, 3, 2, [FakedAUC([0.9, 0.5, 0.1]), KeepModel(run)])
    assert kept_weight(run) == 3


def test_history_and_tensorboard_logs_are_written(run, model, dataset):
    assert not fit(
        model, dataset, run, 3, 2, [FakedAUC([0.6, 0.8, 0.7]), KeepModel(run, "val_auc")]
    )
    with open(run.path / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert [float(row["val_auc"]) for row in rows] == [0.6, 0.8, 0.7]
    # (w - 1)² with w = 0 in the first epoch, 1 in the second, 2 in the third.
    np.testing.assert_allclose([float(row["loss"]) for row in rows], [1, 0, 1], atol=1e-6)

    # Keras takes the "val_" of a log's name for the folder of its curve.
    np.testing.assert_allclose(
        logged(run.path / "logs" / "validation")["epoch_auc"], [0.6, 0.8, 0.7]
    )
    np.testing.assert_allclose(logged(run.path / "logs" / "train")["epoch_loss"], [1, 0, 1])


def logged(folder):
    """Tag to its values, as TensorBoard would show them."""
    values = {}
    for path in folder.glob("events.out.tfevents.*"):
        for record in tf.data.TFRecordDataset(str(path)):
            for value in tf.compat.v1.Event.FromString(record.numpy()).summary.value:
                if value.tag.startswith("epoch_"):
                    values.setdefault(value.tag, []).append(tf.make_ndarray(value.tensor).item())
    return values


def test_early_stopping_ends_it(run, model, dataset):
    stop = keras.callbacks.EarlyStopping("val_auc", mode="max", patience=2)
    auc = FakedAUC([0.6, 0.8, 0.7, 0.7, 0.9, 0.9])
    fit(model, dataset, run, 6, 2, [auc, KeepModel(run, "val_auc"), stop])
    assert auc.epoch == 3
    assert kept_weight(run) == 2


@pytest.mark.parametrize("monitor", ["val_auc", None])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_training_that_diverges_stops_and_keeps_the_last_good_model(
    run, model, dataset, capsys, monitor, bad
):
    class Diverging(FakedAUC):
        """Epoch 3 would be the best, but for its loss."""

        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            if epoch == 2:
                logs["loss"] = bad

    auc = Diverging([0.6, 0.7, 0.9, 0.95, 0.99])
    assert not fit(model, dataset, run, 5, 2, [auc, KeepModel(run, monitor)])
    assert auc.epoch == 2
    assert kept_weight(run) == 2
    assert "a-run: diverged in epoch 3" in capsys.readouterr().err


def test_divergence_in_the_first_epoch_says_so(run, model):
    nan = (
        tf.data.Dataset.from_tensor_slices((np.ones((8, 1)), np.full((8, 1), np.nan)))
        .batch(4)
        .repeat()
    )
    auc = FakedAUC([0.6] * 6)
    with pytest.raises(InputError, match="a-run diverged in its first epoch.*--learning-rate"):
        fit(model, nan, run, 6, 2, [auc, KeepModel(run, "val_auc")])
    assert auc.epoch == 0
    assert not (run.path / "model.keras").exists()


def test_ctrl_c_keeps_what_was_saved(run, model, dataset, capsys):
    auc = FakedAUC([0.6, 0.8, 0.7, 0.9], interrupt_at=(3, 1))
    assert fit(model, dataset, run, 4, 2, [auc, KeepModel(run, "val_auc")])
    assert kept_weight(run) == 2
    assert "interrupted" in capsys.readouterr().err


def test_ctrl_c_before_the_first_epoch_says_so(run, model, dataset):
    auc = FakedAUC([0.6, 0.8], interrupt_at=(0, 0))
    with pytest.raises(InputError, match="interrupted before .*a-run held a first epoch"):
        fit(model, dataset, run, 2, 2, [auc, KeepModel(run, "val_auc")])


def test_progress_goes_to_stderr(run, model, dataset, capfd):
    fit(model, dataset, run, 2, 2, [FakedAUC([0.6, 0.8]), KeepModel(run, "val_auc")])
    out, err = capfd.readouterr()
    assert out == ""
    assert "a-run" in err and "2/2" in err and "val_auc=0.8" in err
