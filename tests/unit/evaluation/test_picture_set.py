import io

import numpy as np
import pytest
from PIL import Image

from keras_fashion.errors import InputError
from keras_fashion.evaluation.picture_set import (
    category_to_folder,
    common_size,
    folder_to_category,
    picture_paths,
    pictures_in_folder,
    pictures_of_catalogue,
    sample_rows,
)


@pytest.fixture
def save(tmp_path):
    """Writes a picture of one color and returns its path."""

    def save(name, color=(250, 0, 0), size=(8, 6), **options):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, color).save(path, **options)
        return path

    return save


def test_sub_folders_are_categories_and_every_format_is_read(tmp_path, save):
    save("Tops/a.png", (0, 0, 250))
    save("Tops/deeper/b.WEBP", (0, 250, 0), format="WEBP", lossless=True)
    save("A%2FB/c.jpeg")
    (tmp_path / "Tops" / "notes.txt").write_text("")
    (tmp_path / "Tops" / ".thumbnail.png").write_text("")
    paths = picture_paths(tmp_path)
    assert [path.name for path in paths] == ["c.jpeg", "a.png", "b.WEBP"]
    assert common_size(paths) == (6, 8)
    found = pictures_in_folder(tmp_path, paths, (6, 8))
    assert found.categories.tolist() == ["A/B", "Tops", "Tops"]
    assert found.pictures.shape == (3, 6, 8, 3) and found.pictures.dtype == np.uint8
    colors = found.pictures.mean(axis=(1, 2))
    np.testing.assert_allclose(colors, [[250, 0, 0], [0, 0, 250], [0, 250, 0]], atol=3)


def test_a_flat_folder_has_no_categories_and_pictures_keep_their_proportions(tmp_path, save):
    path = save("a.png", (0, 0, 0), size=(4, 8))
    found = pictures_in_folder(tmp_path, [path], (8, 8))
    assert found.categories is None
    assert (found.pictures[0, :, 2:6] == 0).all()
    assert (found.pictures[0, :, :2] == 255).all() and (found.pictures[0, :, 6:] == 255).all()


def test_a_catalogue_gives_its_own(tiny_catalogue):
    found = pictures_of_catalogue(tiny_catalogue, (32, 32))
    assert found.categories[:4].tolist() == ["Bags", "Shoes", "Tops", "Bags"]
    original = Image.open(io.BytesIO(tiny_catalogue.picture_files[5]))
    np.testing.assert_array_equal(found.pictures[5], np.asarray(original))
    some = found.take(np.array([5, 1]))
    assert some.categories.tolist() == ["Tops", "Shoes"] and len(some) == 2


def test_drawing_is_without_repetition_and_by_the_seed():
    rows = sample_rows(1000, 200, 0)
    assert len(np.unique(rows)) == 200 and (np.diff(rows) > 0).all() and rows.max() > 900
    assert (sample_rows(1000, 200, 0) == rows).all()
    assert (sample_rows(1000, 200, 1) != rows).any()
    for count in (None, 1000, 2000):
        assert (sample_rows(1000, count, 0) == np.arange(1000)).all()


def test_what_cannot_be_read_is_named(tmp_path, save):
    with pytest.raises(InputError, match="holds no pictures"):
        picture_paths(tmp_path)
    first = save("Tops/a.png")
    with pytest.raises(InputError, match=r"b.png is 6x9 and a.png 6x8.*`picture_size`"):
        common_size([first, save("Tops/b.png", size=(9, 6))])
    damaged = tmp_path / "Tops" / "c.png"
    damaged.write_bytes(first.read_bytes()[:60])
    with pytest.raises(InputError, match=r"c.png is damaged"):
        pictures_in_folder(tmp_path, [first, damaged], (6, 8))
    damaged.write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"c.png is damaged"):
        common_size([first, damaged])
    save("sheet.png")
    with pytest.raises(InputError, match="sub-folders.*sheet.png beside"):
        picture_paths(tmp_path)


@pytest.mark.parametrize(
    ("category", "folder"),
    [
        ("Socks & Tights", "Socks & Tights"),
        ("Männer", "Männer"),
        ("Women/Tops", "Women%2FTops"),
        ("..", "%2E%2E"),
        (".hidden", "%2Ehidden"),
        ("50%", "50%25"),
        ("a:b\\c", "a%3Ab%5Cc"),
        ("dress ", "dress%20"),
    ],
)
def test_names_of_folders_there_and_back(category, folder, tmp_path):
    assert category_to_folder(category) == folder
    assert folder_to_category(folder) == category
    (tmp_path / folder).mkdir()
    assert [each.name for each in tmp_path.iterdir()] == [folder]
