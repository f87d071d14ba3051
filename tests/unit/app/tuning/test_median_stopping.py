import keras
import pytest

from keras_fashion.app.tuning.median_stopping import MedianStopping, values_by_epoch

EARLIER = [
    [0.5, 0.8, 0.7],  # ended after three epochs
    [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    [0.9, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2],
    [0.5, 0.5, 0.5, 0.5, 0.6, 0.6],
    [0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4],
]
"""The best values of the first five epochs are .8, .5, .9, .6, .4, with a median of .6; of seven
.8, .7, .9, .6, .4, with a median of .7."""


@pytest.fixture
def train(tmp_path):
    """Returns after how many of the epochs a training stops."""

    def train(values, earlier=EARLIER, before=0):
        history = tmp_path / "history.csv"
        rows = [f"{epoch},0.1,{value}\n" for epoch, value in enumerate(values[:before])]
        history.write_text("".join(["epoch,loss,val_auc\n", *rows]))
        callback = MedianStopping(earlier, "val_auc", history)
        model = keras.Model()
        model.stop_training = False
        callback.set_model(model)
        callback.on_train_begin()
        for epoch in range(before, len(values)):
            if model.stop_training:
                return epoch
            callback.on_epoch_end(epoch, {"loss": 0.1, "val_auc": values[epoch]})
        return len(values)

    return train


def test_it_stops_below_the_median_of_as_many_epochs(train):
    assert train([0.59] * 9) == 5
    assert train([0.6] * 9) == 7
    assert train([0.1, 0.85, *[0.1] * 7]) == 9  # its best epoch counts


def test_a_resumed_training_stops_where_it_would_have(train):
    for before in range(6):
        assert train([0.59] * 9, before=before) == 5
    assert train([0.6] * 9, before=6) == 7


def test_it_waits_for_five_trials(train):
    assert train([0.0] * 9, EARLIER[:4]) == 9


def test_a_file_without_epochs(tmp_path):
    assert values_by_epoch(tmp_path / "history.csv", "val_auc") == []
    (tmp_path / "history.csv").touch()
    assert values_by_epoch(tmp_path / "history.csv", "val_auc") == []
