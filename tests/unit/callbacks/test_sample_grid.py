import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_fashion.callbacks.sample_grid import SampleGrid


class Painter(keras.Model):
    """Draws each latent and category in a gray of its own, brighter in each epoch."""

    num_categories, latent_dim = 3, 4

    def __init__(self):
        super().__init__()
        self.epoch = 0

    def call(self, inputs):
        latents, categories = map(np.asarray, inputs)
        gray = np.tanh(latents[:, 0] + categories + self.epoch / 5).astype(np.float32)
        # Each pixel in another shade, so that no picture can be turned unseen.
        shades = np.linspace(1, 0, 16 * 32 * 3, dtype=np.float32).reshape(16, 32, 3)
        return tf.constant(gray[:, None, None, None] * shades)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder, painter = tmp_path_factory.mktemp("run"), Painter()
    callback = SampleGrid(
        folder / "samples", log_dir=folder / "logs" / "samples", every=2, columns=5, seed=3
    )
    callbacks = keras.callbacks.CallbackList([callback], model=painter, epochs=5)
    callbacks.on_train_begin()
    for painter.epoch in range(5):
        callbacks.on_epoch_end(painter.epoch)
    callbacks.on_train_end()
    return folder, painter, callback


def test_a_grid_every_few_epochs_and_at_the_end(run):
    folder, _, _ = run
    names = sorted(path.name for path in (folder / "samples").iterdir())
    assert names == ["epoch_0002.png", "epoch_0004.png", "epoch_0005.png"]


def test_a_row_a_category_a_column_a_code(run):
    folder, painter, _ = run
    grid = np.asarray(Image.open(folder / "samples" / "epoch_0005.png")).astype(float)
    assert grid.shape == (3 * 16, 5 * 32, 3)
    latents = np.random.default_rng(3).uniform(-1, 1, (5, 4)).astype("float32")
    for row, column in ((0, 0), (2, 1), (1, 4)):
        picture = painter([latents[[column]], np.array([row], "int32")])[0]
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


def test_without_a_log_folder_only_grids_are_written(tmp_path):
    callback = SampleGrid(tmp_path / "grids", columns=2, last=1)
    callback.set_model(Painter())
    callback.on_train_begin()
    callback.on_epoch_end(0)
    callback.on_train_end()
    written = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")]
    assert sorted(written) == ["grids", "grids/epoch_0001.png"]
