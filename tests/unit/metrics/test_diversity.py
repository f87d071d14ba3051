import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from keras_fashion.metrics import diversity as module
from keras_fashion.metrics.diversity import opposite_ssim, opposite_ssim_by_category


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


def test_color_counts():
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 200
    assert opposite_ssim(np.stack([red, red[..., ::-1]])) > -0.5


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 16, 16, 3), np.uint8),
        np.zeros((2, 16, 16, 3), np.float32),
        np.zeros((16, 16, 3), np.uint8),
        np.zeros((2, 6, 16, 3), np.uint8),
    ],
)
def test_refuses_what_it_cannot_measure(wrong):
    with pytest.raises(ValueError, match="pictures"):
        opposite_ssim(wrong)


def test_by_category_is_the_weighted_mean_of_the_categories(pictures):
    more = np.random.default_rng(1).integers(0, 99, (3, 16, 12, 3), dtype=np.uint8)
    mixed = np.concatenate([pictures, more])[[4, 0, 1, 5, 2, 6, 3]]
    categories = np.array(["shoe", "shirt", "shirt", "shoe", "shirt", "shoe", "shirt"])
    expected = (4 * opposite_ssim(pictures) + 3 * opposite_ssim(more)) / 7
    assert opposite_ssim_by_category(mixed, categories) == pytest.approx(expected)
    assert opposite_ssim_by_category(mixed, categories, seed=5) == pytest.approx(expected)


def test_a_category_of_one_is_left_out(pictures):
    categories = np.array([7, 7, 7, 9])
    assert opposite_ssim_by_category(pictures, categories) == pytest.approx(
        opposite_ssim(pictures[:3])
    )


def test_one_picture_a_category_is_not_hidden_by_many_categories(pictures):
    collapsed = np.repeat(pictures, 3, axis=0)
    categories = np.repeat(["a", "b", "c", "d"], 3)
    assert opposite_ssim(collapsed) > -0.5
    assert opposite_ssim_by_category(collapsed, categories) == pytest.approx(-1.0)


@pytest.mark.parametrize("pairs", [1, 40, 44, 45, 100])
def test_no_pair_comes_twice(monkeypatch, pairs):
    compared = []

    def record(first, second, **_):
        compared.append((first[0, 0, 0], second[0, 0, 0]))
        return 0.0

    monkeypatch.setattr(module, "structural_similarity", record)
    numbered = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((8, 8, 3), np.uint8)
    opposite_ssim_by_category(numbered, np.zeros(10), num_pairs=pairs)
    unordered = {frozenset(pair) for pair in compared}
    assert len(compared) == len(unordered) == min(pairs, 45)
    assert all(len(pair) == 2 for pair in unordered)  # none with itself
    if pairs >= 45:
        assert set().union(*unordered) == set(range(10))


def test_draw_pairs_reach_every_picture_of_a_large_category():
    drawn = module._draw_pairs(20_000, 100_000, np.random.default_rng(0))
    assert (drawn[:, 0] >= 0).all() and (drawn[:, 0] < drawn[:, 1]).all()
    assert drawn.max() < 20_000
    # Each picture is as likely: 10 times on average.
    counts = np.bincount(drawn.ravel(), minlength=20_000)
    assert counts.mean() == 10 and counts.var() == pytest.approx(10, rel=0.1)


def test_random_pairs_stand_for_all():
    random = np.random.default_rng(2)
    flat = random.integers(0, 256, (40, 1, 1, 3)) * np.ones((40, 8, 8, 1))
    pictures = (0.8 * flat + 0.2 * random.integers(0, 256, (40, 8, 8, 3))).astype(np.uint8)
    exact = opposite_ssim(pictures)
    draws = [
        opposite_ssim_by_category(pictures, np.zeros(40), num_pairs=60, seed=seed)
        for seed in range(20)
    ]
    assert len(set(draws)) == 20
    assert np.mean(draws) == pytest.approx(exact, abs=4 * np.std(draws) / np.sqrt(20))


@pytest.mark.parametrize(
    ("categories", "pairs", "message"),
    [
        (["a", "b", "c", "d"], 5, "one with at least two"),
        (["a", "a"], 5, "one for each of 4 pictures"),
        ([["a"]] * 4, 5, "one for each of 4 pictures"),
        (["a"] * 4, 0, "num_pairs must be 1 or more"),
    ],
)
def test_refuses_categories_it_cannot_use(pictures, categories, pairs, message):
    with pytest.raises(ValueError, match=message):
        opposite_ssim_by_category(pictures, np.array(categories), pairs)
