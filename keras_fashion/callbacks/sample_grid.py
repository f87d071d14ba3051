"""Sample grids of a GAN in training, as a Keras callback."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.atomic_files import atomic_write
from keras_fashion.data.pictures import unscale


class SampleGrid(keras.callbacks.Callback):
    """Draws the same latents in every category each few epochs: one row a category.

    The grid goes to `folder/samples/epoch_0005.png` and so on, and to TensorBoard as the image
    `samples` under `folder/logs/samples`. The latents stay the same throughout, so that grids of
    different epochs show the same garments growing. The last epoch is always drawn.

    Args:
        folder: The run folder.
        every: Epochs from one grid to the next.
        columns: Latents, that is pictures a row.
        seed: For the latents, which are drawn from U(-1, 1).
        last: Number of the last epoch; by default the last of the `fit` that it is given to.
    """

    def __init__(
        self,
        folder: str | Path,
        every: int = 5,
        columns: int = 10,
        seed: int = 0,
        last: int | None = None,
    ) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.every = every
        self.columns = columns
        self.seed = seed
        self.last = last

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Draws the latents and opens the TensorBoard writer."""
        self.latents = np.random.default_rng(self.seed).uniform(
            -1.0, 1.0, (self.columns, self.model.latent_dim)
        )
        self.writer = tf.summary.create_file_writer(str(self.folder / "logs" / "samples"))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Draws a grid if one is due."""
        done = epoch + 1
        if done % self.every and done != (self.last or self.params["epochs"]):
            return
        grid = self.grid()
        with atomic_write(self.folder / "samples" / f"epoch_{done:04d}.png") as aside:
            aside.write_bytes(tf.io.encode_png(grid).numpy())
        with self.writer.as_default(step=done):
            tf.summary.image("samples", grid[None])

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Closes the TensorBoard writer."""
        self.writer.close()

    def grid(self) -> tf.Tensor:
        """(categories x H, columns x W, 3) uint8: a row a category, a column a latent."""
        rows = []
        for category in range(self.model.num_categories):
            pictures = self.model.ema_generator(
                [self.latents, np.full(self.columns, category, "int32")]
            )
            rows.append(tf.concat(tf.unstack(unscale(pictures)), axis=1))
        return tf.concat(rows, axis=0)
