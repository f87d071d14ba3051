"""Tests of latents by name."""

import numpy as np
import pytest

from keras_fashion.design.named_latents import (
    latent_by_name,
    latents_by_name,
    random_latents,
    read_latents,
)
from keras_fashion.errors import InputError


def test_codes_come_back(tmp_path):
    latents = np.random.default_rng(0).uniform(-1, 1, (3, 4)).astype(np.float32)
    np.save(tmp_path / "latents.npy", latents)
    np.testing.assert_array_equal(read_latents(tmp_path / "latents.npy", 4), latents)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (np.zeros((2, 5), np.float32), r"shape \(2, 5\).*\(n, 4\)"),
        (np.zeros(4, np.float32), r"shape \(4,\)"),
        (np.zeros((0, 4), np.float32), r"shape \(0, 4\)"),
        (np.zeros((2, 4)), "float64; latents are float32"),
        (np.array([[0] * 4, [0, 0, np.nan, 0]], np.float32), "row 2 .* is no latent"),
        (np.array([[0, 0, 1.5, 0]], np.float32), "row 1 .* is no latent"),
        (np.array([{}, {}]), "is no .npy file"),
    ],
)
def test_other_arrays_are_refused(tmp_path, content, message):
    np.save(tmp_path / "latents.npy", content)
    with pytest.raises(InputError, match=message):
        read_latents(tmp_path / "latents.npy", 4)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text").write_text("no array")
    (tmp_path / "empty").touch()
    np.savez(tmp_path / "many.npz", a=np.zeros(3))
    for name in ("text", "empty", "many.npz", "missing"):
        with pytest.raises(InputError, match=name):
            read_latents(tmp_path / name, 4)


def test_names_of_a_file_a_row_and_a_seed(tmp_path):
    path = tmp_path / "a:b.npy"
    latents = random_latents(3, 4, seed=1)
    np.save(path, latents)
    np.testing.assert_array_equal(latents_by_name(str(path), 4), latents)
    np.testing.assert_array_equal(latents_by_name(f"{path}:3", 4), latents[2:])
    np.testing.assert_array_equal(latents_by_name("1", 4), latents[:1])
    np.testing.assert_array_equal(latent_by_name(f"{path}:2", 4), latents[1])
    with pytest.raises(InputError, match="holds 3 latents; name one of them as"):
        latent_by_name(str(path), 4)
    for row in (0, 4):
        with pytest.raises(InputError, match=f"no row {row}; its rows are 1 to 3"):
            latents_by_name(f"{path}:{row}", 4)
