from types import SimpleNamespace

import keras
import numpy as np
import pytest

from keras_fashion.app.run import Run
from keras_fashion.app.training.checkpoints import Progress
from keras_fashion.app.training.model_saving import SaveBestModel, SaveLastModel
from keras_fashion.errors import TrainingFailed


@pytest.fixture
def run(tmp_path, tiny_catalogue):
    return Run.create(tmp_path / "a-run", {"model": "line", "seed": 0}, tiny_catalogue)


@pytest.fixture
def model():
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])


def train(callback, model, values, first=0):
    """Calls the callback after each epoch, with the weight set to the number of the epoch."""
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values, first):
        model.layers[0].kernel.assign([[epoch + 1.0]])
        callback.on_epoch_end(epoch, {"loss": 1.0, "val_auc": value})
        if getattr(model, "stop_training", False):
            break


def saved_weight(run):
    return Run(run.path).model.layers[0].kernel.numpy().item()


@pytest.mark.parametrize(
    ("values", "best"),
    [
        ([0.6, 0.8, 0.7, 0.75], 2),
        ([0.9, 0.8, 0.7, 0.6], 1),
        ([0.5, 0.5, 0.6, 0.6], 3),  # The first of two equal ones.
        ([0.1, 0.3, 0.2, 0.4], 4),
        ([0.8, 0.8 + 1e-9], 2),  # They are equal in float32.
    ],
)
def test_the_best_epoch_is_saved(run, model, values, best):
    train(SaveBestModel(run, "val_auc", 9, Progress()), model, values)
    assert saved_weight(run) == best


def test_the_best_value_and_the_patience_survive_a_checkpoint(run, model):
    progress, resumed = Progress(), Progress()
    train(SaveBestModel(run, "val_auc", 3, progress), model, [0.8, 0.7])
    resumed.deserialize(progress.serialize())
    train(SaveBestModel(run, "val_auc", 3, resumed), model, [0.75, 0.7, 0.9], first=2)
    assert model.stop_training and resumed.callback_state == {"best": 0.8, "waited": 3}
    assert saved_weight(run) == 1


def test_the_last_epoch_is_saved_unless_the_generator_has_collapsed(run, model):
    monitor = SimpleNamespace(collapsed=False)
    callback = SaveLastModel(run, monitor)
    train(callback, model, [0.5, 0.4])
    monitor.collapsed = True
    train(callback, model, [0.6], first=2)
    assert saved_weight(run) == 2
    monitor.collapsed = False
    model.layers[0].kernel.assign([[np.nan]])
    with pytest.raises(TrainingFailed, match="weights are not finite"):
        callback.on_epoch_end(3, {})
    assert saved_weight(run) == 2
