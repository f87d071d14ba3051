"""`train gan` that does train: more epochs of a run, and a catalogue of pictures alone."""

import io

import numpy as np
import pandas as pd
from click.testing import CliRunner
from PIL import Image

from keras_fashion.app.cli.main import main
from keras_fashion.app.run import Run
from keras_fashion.data import prepare
from keras_fashion.data.sources.in_memory import InMemory


def call(*arguments):
    return CliRunner().invoke(main, [str(each) for each in arguments])


def succeed(*arguments):
    result = call(*arguments)
    assert result.exit_code == 0, (arguments, result.output, result.exception)
    return result.stdout


def test_more_epochs_go_on(tiny_catalogue, tmp_path):
    out = tmp_path / "gan"
    command = (
        *("train", "gan", tiny_catalogue.path, "--out", out, "--batch-size", 12, "--width", 4),
        *("--preset", "least-squares", "--picture-size", "16x16", "--seed", 7),
        *("--metrics-every", 2, "--num-metrics-pictures", 20),
    )
    succeed(*command, "--epochs", 1)
    before = Run(out).config
    assert succeed(*command, "--epochs", 3, "--checkpoint-every", 1) == f"{out}\n"
    after = Run(out).config
    assert after["seed"] == 7 and after["options"] == before["options"] | {"epochs": 3}
    history = pd.read_csv(out / "history.csv")
    assert history["epoch"].tolist() == [0, 1, 2]
    # Scored at the end of each training and in between when it was due.
    assert history["category_frechet_distance"].notna().all() and history["diversity"].notna().all()

    kept = (out / "model.keras").read_bytes()
    result = call(*command, "--epochs", 3)
    assert result.exit_code == 0 and result.stdout == f"{out}\n"
    assert "is finished; for more epochs give a larger --epochs" in result.stderr
    assert (out / "model.keras").read_bytes() == kept


def test_a_gan_learns_from_pictures_alone(tmp_path):
    pictures = []
    for pixels in np.random.default_rng(0).integers(0, 256, (24, 28, 28), np.uint8):
        png = io.BytesIO()
        Image.fromarray(pixels).save(png, "PNG")
        pictures.append(png.getvalue())
    ids = [f"train-{number:05}" for number in range(24)]
    items = pd.DataFrame({"item": ids, "category": ["Bag", "Coat"] * 12, "picture": pictures})
    prepare(InMemory(items), tmp_path / "gray")
    run = tmp_path / "gan"
    succeed(
        *("train", "gan", tmp_path / "gray", "--out", run, "--epochs", 1, "--batch-size", 8),
        *("--picture-size", 16, "--width", 4, "--grid-every", 1),
    )
    grids = [*(run / "samples").glob("*.png")]
    assert grids and (run / "model.keras").is_file()
    with Image.open(grids[0]) as grid:
        assert grid.size == (10 * 16, 2 * 16)  # a row a category
