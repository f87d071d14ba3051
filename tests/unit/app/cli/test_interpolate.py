"""`interpolate` on the run of a tiny GAN."""

import json

import numpy as np
from PIL import Image

from keras_fashion.design.latent_search import to_normal
from keras_fashion.design.named_latents import latent_by_name


def test_it_goes_straight_from_one_code_to_the_other(chain, succeed, tmp_path):
    first, second = latent_by_name("3", 100), latent_by_name("4", 100)
    np.save(tmp_path / "two.npy", np.stack([first, second]))
    answer = json.loads(
        succeed(
            *("interpolate", chain.gan, "--category", "Bags", "--from", "3"),
            *("--to", f"{tmp_path / 'two.npy'}:2", "--steps", 5, "--out", tmp_path / "out"),
            "--json",
        )
    )
    assert answer["shares"] == [0, 0.25, 0.5, 0.75, 1]
    latents = np.load(answer["latents"])
    np.testing.assert_allclose(latents[[0, -1]], [first, second], atol=1e-3)
    x = to_normal(latents).numpy()
    np.testing.assert_allclose(np.diff(x, axis=0), np.tile((x[4] - x[0]) / 4, (4, 1)), atol=0.01)
    assert Image.open(answer["sheet"]).width > 5 * 128


def test_mistakes(chain, call, tmp_path):
    np.save(tmp_path / "two.npy", np.zeros((2, 100), np.float32))

    def refused(start, end="1", category="Bags", run=chain.gan):
        result = call(
            *("interpolate", run, "--category", category, "--from", start, "--to", end),
            *("--out", tmp_path / "out"),
        )
        assert result.exit_code == 1 and result.stderr.startswith("Error: ")
        assert not (tmp_path / "out").exists()
        return result.stderr

    assert "no row 3; its rows are 1 to 2" in refused(f"{tmp_path / 'two.npy'}:3")
    assert "holds 2 latents; name one" in refused("1", tmp_path / "two.npy")
    assert "nowhere.npy" in refused("nowhere.npy:1")
    assert "no category 'Hats'" in refused("1", category="Hats")
    assert "only that of a gan" in refused("1", run=chain.dvbpr)
