import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from keras_fashion.evaluation.opposite_ssim import opposite_ssim


def ssim(first, second):
    """Wang et al. (2004), equation 13, on a 7x7 uniform window, away from the borders."""
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    channels = []
    for channel in range(3):
        x, y = (p[..., channel].astype(np.float64) for p in (first, second))

        def mean(values):
            return uniform_filter(values, 7)[3:-3, 3:-3]

        mx, my = mean(x), mean(y)
        unbiased = 49 / 48
        vx = unbiased * (mean(x * x) - mx * mx)
        vy = unbiased * (mean(y * y) - my * my)
        vxy = unbiased * (mean(x * y) - mx * my)
        numerator = (2 * mx * my + c1) * (2 * vxy + c2)
        channels.append((numerator / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean())
    return np.mean(channels)


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (4, 16, 12, 3), dtype=np.uint8)


def test_copies_score_minus_one(pictures):
    assert opposite_ssim(pictures[[0, 0, 0]]) == pytest.approx(-1.0)


def test_is_minus_the_mean_ssim_over_pairs(pictures):
    pictures[1] = pictures[0] // 2 + pictures[1] // 2  # one pair alike, so that pairs differ
    pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    expected = -np.mean([ssim(pictures[i], pictures[j]) for i, j in pairs])
    assert opposite_ssim(pictures) == pytest.approx(expected)


def test_flat_black_and_white_are_most_unlike():
    # Without variance SSIM is c1 / (255² + c1).
    flat = np.stack([np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)])
    assert opposite_ssim(flat) == pytest.approx(-(2.55**2) / (255**2 + 2.55**2))


def test_colour_counts():
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 200
    assert opposite_ssim(np.stack([red, red[..., ::-1]])) > -0.5


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 16, 16, 3), np.uint8),
        np.zeros((2, 16, 16, 3), np.float32),
        np.zeros((16, 16, 3), np.uint8),
    ],
)
def test_refuses_what_it_cannot_measure(wrong):
    with pytest.raises(ValueError, match="pictures"):
        opposite_ssim(wrong)
