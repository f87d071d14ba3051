"""Tests of the coordinates in which the prior is normal."""

import numpy as np
from scipy.stats import kstest, norm

from keras_fashion.design.latent_search import from_normal, prior_excess, to_normal


def test_uniform_codes_become_normal():
    latents = np.random.default_rng(0).uniform(-1, 1, 4000).astype(np.float32)
    assert kstest(to_normal(latents).numpy(), "norm").pvalue > 0.01


def test_it_is_the_quantile_function_and_back():
    latents = np.linspace(-0.99, 0.99, 41, dtype=np.float32)
    normal = to_normal(latents).numpy()
    np.testing.assert_allclose(normal, norm.ppf((latents + 1) / 2), atol=1e-4)
    np.testing.assert_allclose(from_normal(normal).numpy(), latents, atol=1e-5)


def test_the_edges_stay_finite():
    normal = to_normal(np.array([-1.0, 1.0], np.float32)).numpy()
    assert np.isfinite(normal).all()
    assert np.abs(normal).max() < 4


def test_beyond_the_prior_by_hand():
    inside, outside = np.full(4, 0.5, np.float32), np.full(4, 2.0, np.float32)
    np.testing.assert_allclose(prior_excess(np.stack([inside, outside])).numpy(), [0, 9], atol=1e-5)
