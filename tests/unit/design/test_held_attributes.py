import sys
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from keras_fashion.design.attribute_labels import attribute_directions
from keras_fashion.design.edit_directions import find_directions
from keras_fashion.errors import InputError


def test_nothing_is_held(gan):
    assert attribute_directions(gan, SimpleNamespace(), 1, ()) is None


def test_steps_that_are_left_change_nothing_by_the_probes(gan, monkeypatch):
    few = partial(find_directions, count=300)
    monkeypatch.setattr(sys.modules[attribute_directions.__module__], "find_directions", few)
    fixed_directions = attribute_directions(
        gan, SimpleNamespace(), 1, ["lightness", "redness", "lightness"]
    )
    np.testing.assert_allclose(fixed_directions @ fixed_directions.T, np.eye(2), atol=1e-5)
    directions = few(gan, 1)
    step = np.ones(gan.latent_dim, np.float32)
    step -= (fixed_directions @ step) @ fixed_directions
    rows = [directions.names.index(name) for name in ("lightness", "redness")]
    change = directions.slopes[rows] @ step
    assert np.abs(change).max() < 1e-4 < np.abs(directions.slopes[rows].sum(axis=1)).min()


def test_unknown_attributes(gan):
    with pytest.raises(InputError, match="no attribute 'lightnes'; there are lightness"):
        attribute_directions(gan, SimpleNamespace(), 1, ["lightnes"])
