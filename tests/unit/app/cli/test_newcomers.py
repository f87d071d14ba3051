"""Recommendations for users on whom the model was not trained, from what they bought."""

import json

import numpy as np
import pytest

from keras_fashion.app.run import Run
from keras_fashion.data import Catalogue
from keras_fashion.models import VBPR


@pytest.fixture(scope="module")
def trained(chain, tmp_path_factory):
    """A VBPR of random features, as a training with --history would leave it."""
    catalogue = Catalogue.load(chain.catalogue)
    out = tmp_path_factory.mktemp("newcomers") / "vbpr"
    run = Run.create(out, {"model": "vbpr", "seed": 0, "split": None}, catalogue)
    model = VBPR(9, 24, feature_size=8, latent_size=2, bias=False, with_history=True)
    model.adapt(np.random.default_rng(0).normal(size=(24, 10)))
    run.save_model(model)
    run.write_vectors()
    return out


def test_recommend_from_history(trained, succeed):
    run = Run(trained)
    bought = run.catalogue.item_ids[[3, 5]].tolist()
    arguments = ["recommend", trained, "--history", bought[0], "--history", bought[1], "-k", 22]
    printed = json.loads(succeed(*arguments, "--json"))
    assert printed["history"] == bought
    items = [row["item"] for row in printed["items"]]
    # All but what they have; by the cosine-like product with the mean of centered styles.
    assert sorted(items + bought) == sorted(run.catalogue.item_ids.tolist())
    embeddings = run.vectors.items[:, 2:]
    scores = embeddings @ (embeddings[[3, 5]].mean(axis=0) - embeddings.mean(axis=0))
    expected = [scores[run.catalogue.item_index(item)] for item in items]
    assert expected == sorted(expected, reverse=True)
    np.testing.assert_allclose([row["score"] for row in printed["items"]], expected, rtol=1e-4)


def test_mistakes(trained, chain, call):
    item = Run(trained).catalogue.item_ids[0]
    for arguments, message in (
        ([trained, "--history", "4711"], "no item '4711'"),
        ([chain.dvbpr, "--history", item], "knows only the users"),
    ):
        result = call("recommend", *arguments)
        assert result.exit_code == 1
        assert message in result.stderr and "Traceback" not in result.output
