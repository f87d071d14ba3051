"""Grids of a GAN's pictures during training, as a Keras callback."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.atomic_files import atomic_write
from keras_fashion.data.pictures import unscale


class SampleGrid(keras.callbacks.Callback):
    """Draws a grid of pictures every few epochs and after the last: one row for each category.

    The grids are written as `epoch_0005.png` and so on, and to TensorBoard as the image "samples".
    The latents stay the same, so that grids of different epochs show the same garments as they
    develop.

    Args:
        folder: Folder in which the grids are written.
        log_dir: Folder of the TensorBoard logs; by default none are written.
        every: Number of epochs from one grid to the next.
        columns: Number of latents, which is the number of pictures in a row.
        seed: Seed of the latents, which are drawn from U(-1, 1).
        last: Number of the last epoch; by default the last of the `fit` that gets the callback.

    Example:
        >>> from keras_fashion.models import GAN_PRESETS
        >>> gan = GAN_PRESETS["default"].make(num_categories=3, picture_size=(16, 16), width=2)
        >>> grids = SampleGrid("samples", every=2, columns=5)
        >>> grids.set_params({"epochs": 3})
        >>> grids.set_model(gan)
        >>> grids.on_train_begin()
        >>> for epoch in range(3):
        ...     grids.on_epoch_end(epoch)
        >>> grids.on_train_end()
        >>> sorted(path.name for path in Path("samples").iterdir())
        ['epoch_0002.png', 'epoch_0003.png']
        >>> grids.grid().shape
        TensorShape([48, 80, 3])
    """

    def __init__(
        self,
        folder: str | Path,
        log_dir: str | Path | None = None,
        every: int = 5,
        columns: int = 10,
        seed: int = 0,
        last: int | None = None,
    ) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.log_dir = log_dir
        self.every = every
        self.columns = columns
        self.seed = seed
        self.last = last
        self.writer: tf.summary.SummaryWriter | None = None

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Draws the latents and opens the TensorBoard writer."""
        self.latents = np.random.default_rng(self.seed).uniform(
            -1.0, 1.0, (self.columns, self.model.latent_dim)
        )
        if self.log_dir is not None:
            self.writer = tf.summary.create_file_writer(str(self.log_dir))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Draws and writes a grid if one is due."""
        done = epoch + 1
        if done % self.every and done != (self.last or self.params["epochs"]):
            return
        grid = self.grid()
        with atomic_write(self.folder / f"epoch_{done:04d}.png") as aside:
            aside.write_bytes(tf.io.encode_png(grid).numpy())
        if self.writer is not None:
            with self.writer.as_default(step=done):
                tf.summary.image("samples", grid[None])

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Closes the TensorBoard writer."""
        if self.writer is not None:
            self.writer.close()

    def grid(self) -> tf.Tensor:
        """Draws a grid with a row for each category and a column for each latent.

        Returns:
            (categories x H, columns x W, 3) uint8.
        """
        rows = []
        for category in range(self.model.num_categories):
            pictures = self.model([self.latents, np.full(self.columns, category, "int32")])
            rows.append(tf.concat(tf.unstack(unscale(pictures)), axis=1))
        return tf.concat(rows, axis=0)
