import numpy as np
import pytest
from PIL import Image

from keras_fashion.data.picture_store import read_picture
from keras_fashion.errors import InputError

RED = (200, 30, 40)


def garment(mode):
    """A red square on white, or on nothing where the mode has transparency."""
    picture = Image.new("RGBA", (32, 32), (0, 0, 0, 0) if mode == "RGBA" else "white")
    picture.paste(RED, (8, 8, 24, 24))
    return picture.convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L"])
def test_every_mode_becomes_three_channels_on_white(tmp_path, mode):
    garment(mode).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png", (32, 32))
    assert picture.shape == (32, 32, 3) and picture.dtype == np.uint8
    assert np.all(picture[0, 0] >= 250)
    expected = garment("L").convert("RGB").getpixel((16, 16)) if mode == "L" else RED
    np.testing.assert_allclose(picture[16, 16].astype(int), expected, atol=3)


def test_another_format_and_another_size(tmp_path):
    garment("RGB").resize((64, 32)).save(tmp_path / "a.webp")
    picture = read_picture(tmp_path / "a.webp", (16, 16))
    assert picture.shape == (16, 16, 3)
    assert np.all(picture[:4] == 255), "kept in proportion"


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n half", b"\xff\xd8 half"])
def test_what_is_no_picture(tmp_path, data):
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(InputError, match="a.png is damaged or no picture"):
        read_picture(tmp_path / "a.png", (16, 16))


def test_half_a_picture(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "whole.png").read_bytes()[:1500])
    with pytest.raises(InputError, match="damaged"):
        read_picture(tmp_path / "a.png", (16, 16))


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (40, 20)])
@pytest.mark.parametrize("color", ["white", RED])
def test_one_color_is_no_garment(tmp_path, size, color):
    Image.new("RGB", size, color).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="nothing but one color"):
        read_picture(tmp_path / "a.png", (16, 16))
