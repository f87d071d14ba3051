from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_fashion.models import GAN_PRESETS
from keras_fashion.training.sample_grid import SampleGrid


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    gan = replace(GAN_PRESETS["default"], code_size=4).make(3, (16, 32), width=2)
    data = tf.data.Dataset.from_tensors((tf.zeros((4, 16, 32, 3)), tf.zeros(4, tf.int32)))
    callback = SampleGrid(folder, every=2, columns=5, seed=3)
    gan.fit(data, epochs=5, callbacks=[callback], verbose=0)
    return folder, gan, callback


def test_a_grid_every_few_epochs_and_at_the_end(run):
    folder, _, _ = run
    names = sorted(path.name for path in (folder / "samples").iterdir())
    assert names == ["epoch_0002.png", "epoch_0004.png", "epoch_0005.png"]


def test_a_row_a_category_a_column_a_code(run):
    folder, gan, _ = run
    grid = np.asarray(Image.open(folder / "samples" / "epoch_0005.png")).astype(float)
    assert grid.shape == (3 * 16, 5 * 32, 3)
    codes = np.random.default_rng(3).uniform(-1, 1, (5, 4)).astype("float32")
    for row, column in ((0, 0), (2, 1), (1, 4)):
        picture = gan.generator([codes[[column]], np.array([row], "int32")])[0]
        drawn = grid[row * 16 : row * 16 + 16, column * 32 : column * 32 + 32]
        np.testing.assert_allclose(drawn, np.array(picture) * 127.5 + 127.5, atol=0.51)


def test_tensorboard_gets_the_same_images(run):
    folder, _, _ = run
    (events,) = (folder / "logs" / "samples").iterdir()
    steps, last = [], None
    for record in tf.data.TFRecordDataset(str(events)):
        event = tf.compat.v1.Event.FromString(record.numpy())
        for value in event.summary.value:
            assert value.tag == "samples"
            steps.append(event.step)
            last = tf.io.decode_png(value.tensor.string_val[2])
    assert steps == [2, 4, 5]
    png = tf.io.decode_png((folder / "samples" / "epoch_0005.png").read_bytes())
    np.testing.assert_array_equal(last, png)


def test_is_a_keras_callback(run):
    assert isinstance(run[2], keras.callbacks.Callback)
