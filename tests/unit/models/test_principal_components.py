import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.decomposition import PCA

from keras_fashion.models.principal_components import principal_components


@pytest.fixture
def features() -> np.ndarray:
    rng = np.random.default_rng(0)
    return 3.0 + rng.normal(size=(60, 7)) @ rng.normal(size=(7, 7))


@pytest.mark.parametrize("power", [0.0, 0.25, 0.5])
def test_agrees_with_scikit_learn(features: np.ndarray, power: float) -> None:
    peer = PCA(4).fit(features)
    expected = peer.transform(features) / peer.explained_variance_**power
    expected /= np.sqrt(np.square(expected).sum(axis=1).mean())

    components = principal_components(features, 4, power)

    assert components.dtype == np.float32
    # An eigenvector's sign is free: inner products of items are what counts.
    assert_allclose(components @ components.T, expected @ expected.T, atol=1e-5)
    assert_allclose(np.abs(components), np.abs(expected), atol=1e-5)


def test_size_is_cut_to_the_features_and_components_without_variance_are_zero() -> None:
    line = np.outer(np.arange(5.0), [3.0, 4.0, 0.0])

    components = principal_components(line, 8, power=0.5)

    # One direction: -2, -1, 0, 1, 2 times a constant that makes the mean square 1.
    expected = np.arange(-2, 3) / np.sqrt(2)
    assert_allclose(components, np.stack([expected, 0 * expected, 0 * expected], 1), atol=1e-6)


def test_features_all_alike_give_zeros() -> None:
    assert_allclose(principal_components(np.full((4, 3), 0.1), 2, power=0.5), 0)


@pytest.mark.parametrize(("size", "power", "named"), [(0, 0.0, "size"), (2, -1.0, "power")])
def test_refuses_what_makes_no_sense(features, size: int, power: float, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        principal_components(features, size, power)
