"""`edit` on the run of a tiny GAN: what it writes, and what it refuses."""

import json

import numpy as np
import pytest
from PIL import Image

from keras_fashion.design.normal_codes import to_normal


@pytest.fixture(scope="module")
def edited(chain, succeed, tmp_path_factory):
    """The folder and the answer of an edit of two random codes."""
    out = tmp_path_factory.mktemp("edited")
    answer = succeed(
        *("edit", chain.gan, "--category", "Tops", "--attribute", "lightness", "--count", 2),
        *("--hold", "redness", "--strength", -1, "--strength", 0, "--strength", 1.5),
        *("--out", out, "--json"),
    )
    return out, json.loads(answer)


def test_what_it_writes(edited):
    out, answer = edited
    assert set(answer) == {
        *("category", "attribute", "hold", "deviation", "explained", "edits", "codes", "sheet")
    }
    assert [(row["code"], row["strength"]) for row in answer["edits"]] == [
        *((1, -1), (1, 0), (1, 1.5), (2, -1), (2, 0), (2, 1.5))
    ]
    assert set(answer["edits"][0]) == {"code", "strength", "lightness", "redness"}
    assert Image.open(out / "sheet.png").width > 3 * 128
    codes = np.load(answer["codes"])
    assert codes.shape == (6, 100) and codes.dtype == np.float32
    x = to_normal(codes).numpy()
    np.testing.assert_allclose((x[2] - x[1]) / 1.5, x[4] - x[3], atol=0.01)


def test_an_edit_goes_on_from_what_it_left(chain, edited, succeed, tmp_path):
    before = edited[1]
    answer = succeed(
        *("edit", chain.gan, "--category", "Tops", "--attribute", "redness"),
        *("--codes", f"{before['codes']}:3", "--strength", 0, "--out", tmp_path, "--json"),
    )
    left, now = np.load(before["codes"])[2], np.load(tmp_path / "codes.npy")[0]
    np.testing.assert_allclose(now, left, atol=1e-5)
    row = json.loads(answer)["edits"][0]
    assert row["redness"] == pytest.approx(before["edits"][2]["redness"], abs=0.1)


def test_mistakes(chain, call, tmp_path):
    np.save(tmp_path / "codes.npy", np.zeros((2, 7), np.float32))

    def refused(*arguments):
        result = call("edit", *arguments, "--out", tmp_path / "out")
        assert result.exit_code == 1 and result.stderr.startswith("Error: ")
        assert not (tmp_path / "out").exists()
        return result.stderr

    tops = (chain.gan, "--category", "Tops")
    assert "no category 'Hats'" in refused(
        chain.gan, "--category", "Hats", "--attribute", "lightness"
    )
    assert "no attribute 'sleeve'; there are lightness" in refused(*tops, "--attribute", "sleeve")
    assert "no attribute 'x'" in refused(*tops, "--attribute", "length", "--hold", "x")
    assert "no column 'colour'" in refused(*tops, "--attribute", "colour=red")
    lightness = (*tops, "--attribute", "lightness")
    assert "(n, 100)" in refused(*lightness, "--codes", tmp_path / "codes.npy")
    assert "missing.npy" in refused(*lightness, "--codes", tmp_path / "missing.npy")
    assert "only that of a gan" in refused(chain.dvbpr, *lightness[1:])


def test_codes_or_a_count(chain, call):
    result = call(
        *("edit", chain.gan, "--category", "Tops", "--attribute", "length", "--out", "x"),
        *("--codes", "x.npy", "--count", 2),
    )
    assert result.exit_code == 2 and "either --codes or --count" in result.stderr


@pytest.mark.parametrize("strength", ["nan", "inf"])
def test_a_strength_is_a_number(chain, call, strength):
    result = call(
        *("edit", chain.gan, "--category", "Tops", "--attribute", "length", "--out", "x"),
        *("--strength", strength),
    )
    assert result.exit_code == 2 and "--strength is finite" in result.stderr
