import csv
import os
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.app.training.checkpoints import Checkpoints, Progress, list_checkpoints
from keras_fashion.app.training.loop import fit
from keras_fashion.app.training.model_saving import SaveBestModel
from keras_fashion.app.training.options import CheckpointSchedule
from keras_fashion.errors import Terminated, TrainingFailed

STEPS = 2


@keras.saving.register_keras_serializable(package="tests")
class Line(keras.Sequential):
    """The model y = w x, whose weight starts at 0 and is not trained; the loss is (w - 1)²."""

    @property
    def optimizers(self):
        return [self.optimizer]


@pytest.fixture
def run(tmp_path, tiny_catalogue):
    return Run.create(
        tmp_path / "a-run", {"model": "line", "seed": 0, "split": None}, tiny_catalogue
    )


@pytest.fixture
def model():
    line = Line(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")]
    )
    line.compile(keras.optimizers.SGD(0.0), "mse")
    line.optimizer.build(line.trainable_variables)
    return line


def stream(start, context):
    return tf.data.Dataset.from_tensor_slices((np.ones((8, 1)), np.ones((8, 1)))).batch(4).repeat()


class FakeAUC(keras.callbacks.Callback):
    """Sets the AUC of epoch e to `values[e]` and the weight of the model to e + 1."""

    def __init__(self, values, signal_at=None, number=signal.SIGINT):
        super().__init__()
        self.values = values
        self.signal_at = signal_at
        self.number = number

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.signal_at == (self.epoch, batch):
            os.kill(os.getpid(), self.number)

    def on_epoch_end(self, epoch, logs=None):
        if self.signal_at == (epoch, "end"):
            os.kill(os.getpid(), self.number)
        logs["val_auc"] = self.values[epoch]
        self.model.layers[0].kernel.assign([[epoch + 1.0]])


def train(run, model, auc, epochs, patience=9, progress=None, schedule=None):
    progress = progress or Progress()
    checkpoints = Checkpoints(
        run.path / "checkpoints", model, progress, schedule or CheckpointSchedule()
    )
    checkpoints.restore()
    save = SaveBestModel(run, "val_auc", patience, progress)
    return fit(model, stream, run, epochs, STEPS, [auc, save], checkpoints)


def kept_checkpoints(run):
    return [path.name for path in list_checkpoints(run.path / "checkpoints")]


def kept_weight(run):
    return Run(run.path).model.layers[0].kernel.numpy().item()


def test_history_and_tensorboard_logs_are_written_and_progress_goes_to_stderr(run, model, capfd):
    assert not train(run, model, FakeAUC([0.6, 0.8, 0.7]), 3)
    out, err = capfd.readouterr()
    assert out == ""
    assert "a-run" in err and "3/3" in err and "val_auc=0.7" in err
    rows = history(run)
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert [float(row["val_auc"]) for row in rows] == [0.6, 0.8, 0.7]
    # (w - 1)² with w = 0 in the first epoch, 1 in the second, 2 in the third.
    np.testing.assert_allclose([float(row["loss"]) for row in rows], [1, 0, 1], atol=1e-6)

    # Keras takes the "val_" of a log's name for the folder of its curve.
    np.testing.assert_allclose(
        logged(run.path / "logs" / "validation")["epoch_auc"], [0.6, 0.8, 0.7]
    )
    np.testing.assert_allclose(logged(run.path / "logs" / "train")["epoch_loss"], [1, 0, 1])


def history(run):
    with open(run.path / "history.csv", newline="") as file:
        return list(csv.DictReader(file))


def logged(folder):
    """Tag to its values, as TensorBoard would show them."""
    values = {}
    for path in folder.glob("events.out.tfevents.*"):
        for record in tf.data.TFRecordDataset(str(path)):
            for value in tf.compat.v1.Event.FromString(record.numpy()).summary.value:
                if value.tag.startswith("epoch_"):
                    values.setdefault(value.tag, []).append(tf.make_ndarray(value.tensor).item())
    return values


def test_training_stops_when_no_epoch_is_better(run, model):
    auc = FakeAUC([0.6, 0.8, 0.7, 0.7, 0.9, 0.9])
    train(run, model, auc, 6, patience=2)
    assert auc.epoch == 3
    assert kept_weight(run) == 2


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_training_that_diverges_stops_and_keeps_the_last_good_model(run, model, bad):
    class Diverging(FakeAUC):
        """Makes epoch 3 the best, apart from its loss."""

        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            if epoch == 2:
                logs["loss"] = bad

    auc = Diverging([0.6, 0.7, 0.9, 0.95, 0.99])
    with pytest.raises(TrainingFailed, match="diverged in epoch 3.*--learning-rate"):
        train(run, model, auc, 5)
    assert kept_weight(run) == 2


def test_no_checkpoint_contains_weights_that_are_not_finite(run, model):
    class Broken(FakeAUC):
        def on_train_batch_end(self, batch, logs=None):
            if self.epoch == 1:
                self.model.layers[0].kernel.assign([[np.nan]])

    with pytest.raises(TrainingFailed, match="diverged.*not finite"):
        train(run, model, Broken([0.6] * 9), 5, schedule=CheckpointSchedule(steps=1))
    assert kept_checkpoints(run) == ["epoch-0-step-1", "epoch-0-step-2"]


def test_ctrl_c_completes_the_step_and_the_same_call_resumes(run, model, capsys):
    """Within an epoch; its mean loss is that of all its steps, and no row is missing."""
    values = [0.6, 0.8, 0.7, 0.9]
    assert train(run, model, FakeAUC(values, signal_at=(2, 0)), 4)
    assert "interrupted" in capsys.readouterr().err
    # The first checkpoint is written before the first model is saved.
    assert kept_checkpoints(run) == ["epoch-0-step-2", "epoch-2-step-1"]
    assert kept_weight(run) == 2

    model.layers[0].kernel.assign([[7.0]])  # A new process starts with other weights.
    progress = Progress()
    assert not train(run, model, FakeAUC(values), 4, progress=progress)
    assert (progress.epoch, progress.batch, progress.callback_state["best"]) == (4, 0, 0.9)
    assert [row["epoch"] for row in history(run)] == ["0", "1", "2", "3"]
    np.testing.assert_allclose([float(row["loss"]) for row in history(run)], [1, 0, 1, 4])
    assert kept_weight(run) == 4


def test_means_of_an_epoch_include_the_steps_before_an_interruption(run, model):
    class Moving(FakeAUC):
        """Sets the weight to 0 in the first step and to 3 in the second: losses 1 and 4."""

        def on_train_batch_begin(self, batch, logs=None):
            self.model.layers[0].kernel.assign([[0.0 if batch == 0 else 3.0]])

    assert train(run, model, Moving([0.6], signal_at=(0, 0)), 1)
    assert not train(run, model, Moving([0.6]), 1)
    assert float(history(run)[0]["loss"]) == pytest.approx((1 + 4) / 2)


def test_ctrl_c_at_the_end_of_an_epoch_repeats_that_end(run, model):
    values = [0.6, 0.8, 0.7]
    assert train(run, model, FakeAUC(values, signal_at=(1, "end")), 3)
    assert len(history(run)) == 1
    progress = Progress()
    assert not train(run, model, FakeAUC(values), 3, progress=progress)
    assert [row["epoch"] for row in history(run)] == ["0", "1", "2"]
    assert progress.callback_state == {"best": 0.8, "waited": 1}
    assert kept_weight(run) == 2


def test_sigterm_keeps_everything_and_the_error_says_so(run, model):
    auc = FakeAUC([0.6, 0.8], signal_at=(0, 0), number=signal.SIGTERM)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated, match=r"SIGTERM.*a-run keeps every step.*same command") as told:
        train(run, model, auc, 2)
    assert told.value.exit_code == 75
    assert signal.getsignal(signal.SIGTERM) == before
    assert kept_checkpoints(run) == ["epoch-0-step-1"]


def test_sigterm_may_come_twice(run, model):
    class Twice(FakeAUC):
        def on_train_batch_end(self, batch, logs=None):
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Terminated):
        train(run, model, Twice([0.6]), 1)
    assert kept_checkpoints(run) == ["epoch-0-step-1"]


def test_patience_counts_across_interruptions(run, model):
    values = [0.8, 0.7, 0.6, 0.5, 0.9]
    assert train(run, model, FakeAUC(values, signal_at=(2, 0)), 5, patience=3)
    auc = FakeAUC(values)
    assert not train(run, model, auc, 5, patience=3)
    assert auc.epoch == 3
    assert kept_weight(run) == 1


def test_a_training_whose_patience_had_ended_is_not_continued(run, model):
    """The process was killed between its last checkpoint and the end."""
    values = [0.8, 0.7, 0.6, 0.9]
    train(run, model, FakeAUC(values), 4, patience=2)
    train(run, model, FakeAUC(values), 4, patience=2)
    assert len(history(run)) == 3 and kept_weight(run) == 1
