"""`edit` on the run of a tiny GAN: what it writes, and what it refuses."""

import json
from functools import partial

import numpy as np
import pytest
from PIL import Image

from keras_fashion.design import edit_directions
from keras_fashion.design.latent_search import to_normal


@pytest.fixture(autouse=True)
def few_codes(monkeypatch):
    """Makes the command measure fewer random latents, which is enough here."""
    few = partial(edit_directions.find_directions, num_latents=500)
    monkeypatch.setattr(edit_directions, "find_directions", few)


def test_an_edit_and_one_that_goes_on_from_what_it_left(chain, succeed, tmp_path):
    tops = ("edit", chain.gan, "--category", "Tops", "--attribute")
    out = tmp_path / "out"
    answer = json.loads(
        succeed(
            *(*tops, "lightness", "--count", 2, "--hold", "redness", "--out", out, "--json"),
            *("--strength", -0.2, "--strength", 0, "--strength", 0.3),
        )
    )
    assert set(answer) == {
        *("category", "attribute", "hold", "deviation", "explained", "edits", "latents", "sheet")
    }
    assert [(row["latent"], row["strength"]) for row in answer["edits"]] == [
        *((1, -0.2), (1, 0), (1, 0.3), (2, -0.2), (2, 0), (2, 0.3))
    ]
    assert set(answer["edits"][0]) == {"latent", "strength", "lightness", "redness"}
    assert Image.open(out / "sheet.png").width > 3 * 128
    latents = np.load(answer["latents"])
    assert latents.shape == (6, 100) and latents.dtype == np.float32
    x = to_normal(latents).numpy()
    np.testing.assert_allclose((x[2] - x[1]) / 0.3, (x[4] - x[3]) / 0.2, atol=0.01)

    again = tmp_path / "again"
    lines = succeed(
        *(*tops, "redness", "--latents", f"{answer['latents']}:3", "--strength", 0, "--out", again)
    ).splitlines()
    np.testing.assert_allclose(np.load(again / "latents.npy"), latents[[2]], atol=1e-5)
    assert lines[0].startswith("Tops: redness: a strength of 1 is ")
    latent, number, strength, name, value = lines[1].split()
    assert (latent, number, strength, name) == ("latent", "1", "+0", "redness")
    assert float(value) == pytest.approx(answer["edits"][2]["redness"], abs=0.1)
    assert lines[2] == str(again / "sheet.png")


def test_mistakes(chain, call, tmp_path):
    np.save(tmp_path / "latents.npy", np.zeros((2, 7), np.float32))

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
    assert "no column 'color'" in refused(*tops, "--attribute", "color=red")
    lightness = (*tops, "--attribute", "lightness")
    assert "(n, 100)" in refused(*lightness, "--latents", tmp_path / "latents.npy")
    assert "missing.npy" in refused(*lightness, "--latents", tmp_path / "missing.npy")
    assert "only that of a gan" in refused(chain.dvbpr, *lightness[1:])


def test_codes_or_a_count(chain, call):
    result = call(
        *("edit", chain.gan, "--category", "Tops", "--attribute", "length", "--out", "x"),
        *("--latents", "x.npy", "--count", 2),
    )
    assert result.exit_code == 2 and "either --latents or --count" in result.stderr


@pytest.mark.parametrize("strength", ["nan", "inf"])
def test_a_strength_is_a_number(chain, call, strength):
    result = call(
        *("edit", chain.gan, "--category", "Tops", "--attribute", "length", "--out", "x"),
        *("--strength", strength),
    )
    assert result.exit_code == 2 and "--strength is finite" in result.stderr
