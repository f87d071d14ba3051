import numpy as np
import pytest

from keras_fashion.design.inversion import color_difference


def test_it_is_0_but_where_the_pictures_differ():
    before = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    after = before.copy()
    after[2, 5] = 255 - after[2, 5]
    found = color_difference(before, after)
    assert found.shape == (6, 8) and found.dtype == np.float32
    assert list(zip(*np.nonzero(found), strict=True)) == [(2, 5)]
    np.testing.assert_allclose(found, color_difference(after, before))


def test_black_to_white_is_100_and_a_step_of_grey_is_hardly_seen():
    def flat(level):
        return np.full((1, 1, 3), level, np.uint8)

    assert color_difference(flat(0), flat(255))[0, 0] == pytest.approx(100, abs=0.01)
    assert 0 < color_difference(flat(120), flat(122))[0, 0] < 1


def test_sizes_that_differ_are_refused():
    with pytest.raises(ValueError, match="cannot be compared"):
        color_difference(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8))
