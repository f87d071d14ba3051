import json

import numpy as np
import pytest
from quickstart_run import MODELS, five_steps, load_recipe, make_demo, start

from keras_fashion.app.run import Run
from keras_fashion.evaluation.compared_methods import maximized_designs


@pytest.fixture(scope="module")
def demo(made_once):
    return made_once("quickstart", make_demo)


def test_designs_please_more_than_chance(demo):
    """At eta 0: after one epoch, realism outweighs the little that is known of preferences."""
    user_embedding, drawn = (Run(demo / "demo" / name) for name in ("dvbpr", "gan"))
    maximizer = five_steps(user_embedding.model, drawn.model)
    users = np.unique(user_embedding.split.test[:, 0])[:6]
    designs = maximized_designs(maximizer, users, np.arange(6), seed=3, eta=0.0)
    batch = maximizer.batch(maximizer.recommender.user_embedding(users), np.arange(6), np.zeros(6))
    assert np.all(designs.preference.min(axis=1) > batch.preference_mean.numpy()[:, 0])


def test_a_second_start_takes_up_what_is_finished(demo, monkeypatch):
    recipe = load_recipe()
    results = json.loads((demo / "demo" / "results.json").read_text())

    def stamps():
        return {
            path: path.stat().st_mtime_ns
            for name in [*MODELS, "gan"]
            for path in (demo / "demo" / name).rglob("*")
        }

    # The last stage has no part in this.
    monkeypatch.setattr(recipe, "export", lambda *args: [])
    monkeypatch.setattr(recipe, "study_report", lambda *args, **kwargs: None)
    before = stamps()
    assert start(recipe, demo).exit_code == 0
    assert stamps() == before
    again = json.loads((demo / "demo" / "results.json").read_text())
    assert again["recommendation"] == results["recommendation"]
    for method, row in again["truth"].items():
        assert row == pytest.approx(results["truth"][method], abs=0.02)
