"""What decoding a JPEG at a fraction of its size saves, by how much larger it is than needed.

python tests/benchmarks/decoding.py --catalogue FOLDER
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import time
from pathlib import Path

import click
import numpy as np
import tensorflow as tf

from keras_fashion.data import Catalogue, decode_picture
from keras_fashion.data.pictures import _fit

PICTURES = 200


def decode_whole(data: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """All pixels first, then the fitting."""
    picture = tf.io.decode_image(data, channels=3, expand_animations=False)
    fitted = 255.0 - _fit(255.0 - tf.cast(picture, tf.float32), size)
    return tf.cast(tf.clip_by_value(tf.round(fitted), 0.0, 255.0), tf.uint8)


@click.command()
@click.option("--catalogue", "folder", type=click.Path(path_type=Path), required=True)
@click.option("--size", default=64, show_default=True, help="Side of the pictures, in pixels.")
@click.option("--repeats", default=3, show_default=True, help="The medians are printed.")
def main(folder: Path, size: int, repeats: int) -> None:
    """Enlarges pictures of the catalogue 1, 2 and 4 times, and decodes each in both ways."""
    catalogue = Catalogue.load(folder)
    some = range(min(PICTURES, len(catalogue.item_ids)))
    whole = [tf.io.decode_image(catalogue.picture_files[item], 3).numpy() for item in some]
    for factor in (1, 2, 4):
        height, width = factor * whole[0].shape[0], factor * whole[0].shape[1]
        data = [
            tf.io.encode_jpeg(tf.cast(tf.image.resize(each, (height, width)), tf.uint8)).numpy()
            for each in whole
        ]
        rates: dict[str, list[float]] = {"whole": [], "fraction": []}
        for _ in range(repeats):
            for name, decode in (("whole", decode_whole), ("fraction", decode_picture)):
                dataset = tf.data.Dataset.from_tensor_slices(data).map(
                    lambda each, decode=decode: decode(each, (size, size)), num_parallel_calls=2
                )
                list(dataset)
                started = time.perf_counter()
                count = sum(1 for _ in dataset.repeat(3))
                rates[name].append(count / (time.perf_counter() - started))
        ratio = np.median(np.divide(rates["fraction"], rates["whole"]))
        differences = [
            np.abs(
                decode_picture(each, (size, size)).numpy().astype(int)
                - decode_whole(each, (size, size)).numpy()
            ).mean()
            for each in data[:50]
        ]
        click.echo(
            f"{height}x{width} to {size}x{size}: {np.median(rates['whole']):,.0f} a second whole, "
            f"{np.median(rates['fraction']):,.0f} at a fraction, {ratio:.1f} times; they differ by "
            f"{np.mean(differences):.1f} of 255 levels"
        )


if __name__ == "__main__":
    main()
