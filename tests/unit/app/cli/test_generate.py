import numpy as np
import pytest
from PIL import Image


def pictures(folder):
    return {
        str(path.relative_to(folder)): np.asarray(Image.open(path))
        for path in sorted(folder.rglob("*.png"))
    }


def test_pictures_are_in_folders_of_their_categories(chain, succeed, tmp_path, unshared):
    out = tmp_path / "deeper" / "out"
    sheet = tmp_path / "sheet.png"
    printed = succeed("generate", chain.gan, "--out", out, "--count", 70, "--interpolations", sheet)
    assert printed == f"{out}\n{sheet}\n"
    found = pictures(out)
    assert len(found) == 70
    for category in ("Bags", "Shoes", "Tops"):
        names = [name for name in found if name.startswith(category)]
        # A third is expected of each, as in the catalogue; 8 is five deviations below.
        assert len(names) > 8
        assert names == [f"{category}/{number:05}.png" for number in range(1, len(names) + 1)]
    assert {picture.shape for picture in found.values()} == {(16, 16, 3)}
    assert len({picture.tobytes() for picture in found.values()}) == 70
    assert Image.open(sheet).height > 3 * 80
    assert sorted(each.name for each in tmp_path.rglob(".*")) == []


def test_the_seed_and_the_categories(chain, succeed, tmp_path):
    named = ("--category", "Tops", "--category", "Bags", "--count", 5)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        succeed("generate", chain.gan, "--out", tmp_path / name, *named, "--seed", seed)
    first, same, other = (pictures(tmp_path / name) for name in "abc")
    assert list(first) == [
        *("Bags/00001.png", "Bags/00002.png"),
        *("Tops/00001.png", "Tops/00002.png", "Tops/00003.png"),
    ]
    for name, picture in first.items():
        np.testing.assert_array_equal(picture, same[name])
        assert (picture != other[name]).any()


@pytest.mark.parametrize(
    ("run", "extra", "message"),
    [
        ("gan", ("--category", "Hats"), "no category 'Hats'"),
        ("dvbpr", (), "only that of a gan"),
        ("catalogue", (), "not a run folder"),
    ],
)
def test_mistakes_leave_nothing(chain, call, tmp_path, run, extra, message):
    result = call(
        *("generate", getattr(chain, run), "--out", tmp_path / "out", "--count", 2), *extra
    )
    assert result.exit_code == 1 and message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_refused(chain, call, tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    result = call("generate", chain.gan, "--out", tmp_path, "--count", 2)
    assert result.exit_code == 1 and "not an empty folder" in result.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["kept.txt"]
