"""Tests of codes by name."""

import numpy as np
import pytest

from keras_fashion.design.named_latents import named_code, named_codes, random_codes, read_codes
from keras_fashion.errors import InputError


def test_codes_come_back(tmp_path):
    codes = np.random.default_rng(0).uniform(-1, 1, (3, 4)).astype(np.float32)
    np.save(tmp_path / "codes.npy", codes)
    np.testing.assert_array_equal(read_codes(tmp_path / "codes.npy", 4), codes)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (np.zeros((2, 5), np.float32), r"shape \(2, 5\).*\(n, 4\)"),
        (np.zeros(4, np.float32), r"shape \(4,\)"),
        (np.zeros((0, 4), np.float32), r"shape \(0, 4\)"),
        (np.zeros((2, 4)), "float64; codes are float32"),
        (np.array([[0] * 4, [0, 0, np.nan, 0]], np.float32), "row 2 .* is no code"),
        (np.array([[0, 0, 1.5, 0]], np.float32), "row 1 .* is no code"),
        (np.array([{}, {}]), "is no .npy file"),
    ],
)
def test_other_arrays_are_refused(tmp_path, content, message):
    np.save(tmp_path / "codes.npy", content)
    with pytest.raises(InputError, match=message):
        read_codes(tmp_path / "codes.npy", 4)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text").write_text("no array")
    (tmp_path / "empty").touch()
    np.savez(tmp_path / "many.npz", a=np.zeros(3))
    for name in ("text", "empty", "many.npz", "missing"):
        with pytest.raises(InputError, match=name):
            read_codes(tmp_path / name, 4)


def test_names_of_a_file_a_row_and_a_seed(tmp_path):
    path = tmp_path / "a:b.npy"
    codes = random_codes(3, 4, seed=1)
    np.save(path, codes)
    np.testing.assert_array_equal(named_codes(str(path), 4), codes)
    np.testing.assert_array_equal(named_codes(f"{path}:3", 4), codes[2:])
    np.testing.assert_array_equal(named_codes("1", 4), codes[:1])
    np.testing.assert_array_equal(named_code(f"{path}:2", 4), codes[1])
    with pytest.raises(InputError, match="holds 3 codes; name one of them as"):
        named_code(str(path), 4)
    for row in (0, 4):
        with pytest.raises(InputError, match=f"no row {row}; its rows are 1 to 3"):
            named_codes(f"{path}:{row}", 4)
