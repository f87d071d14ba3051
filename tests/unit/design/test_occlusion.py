import numpy as np
import pytest

from keras_fashion.data import scale
from keras_fashion.design import explanations as occlusion
from keras_fashion.design.explanations import ground_of, occlusion_map


class LinearEncoder:
    """Phi = W x: what a patch takes away can be worked out."""

    def __init__(self, height, width):
        self.weights = np.random.default_rng(0).normal(0, 1, (height, width, 3, 4))

    def __call__(self, pictures, training):
        assert not training
        return self.Embedded(np.einsum("bhwc,hwck->bk", pictures.numpy(), self.weights))

    class Embedded(np.ndarray):
        def __new__(cls, values):
            return values.astype(np.float32).view(cls)

        def numpy(self):
            return np.asarray(self)


def garment_on_gray(height, width):
    picture = np.full((height, width, 3), 240, np.uint8)
    inside = picture[height // 4 : -(height // 4), width // 4 : -(width // 4)]
    inside[:] = np.random.default_rng(1).integers(0, 256, inside.shape)
    return picture


@pytest.mark.parametrize("size", [(32, 32), (24, 16), (13, 19), (5, 4)])
def test_a_linear_encoder_loses_what_the_patches_cover(monkeypatch, size):
    monkeypatch.setattr(occlusion, "AT_A_TIME", 7)
    height, width = size
    encoder, picture = LinearEncoder(*size), garment_on_gray(*size)
    user_embedding = np.array([0.5, -1.0, 2.0, 0.3], np.float32)
    lost = ((picture.astype(float) - 240) / 127.5)[..., None] * encoder.weights
    lost = (lost @ user_embedding).sum(axis=-1)

    sums, counts = np.zeros(size), np.zeros(size)
    high, wide = max(1, round(height / 8)), max(1, round(width / 8))
    rows = sorted({*range(0, height - high, max(1, high // 2)), height - high})
    columns = sorted({*range(0, width - wide, max(1, wide // 2)), width - wide})
    for top in rows:
        for left in columns:
            patch = np.s_[top : top + high, left : left + wide]
            sums[patch] += lost[patch].sum()
            counts[patch] += 1

    found = occlusion_map(encoder, user_embedding, picture)
    assert found.shape == size and found.dtype == np.float32
    np.testing.assert_allclose(found, sums / counts, atol=1e-3)


def test_covering_the_ground_changes_nothing(recommender):
    picture = garment_on_gray(16, 16)
    found = occlusion_map(recommender.encoder, recommender.theta.numpy()[0], picture)
    ground = np.abs(np.concatenate([found[:3].ravel(), found[:, -3:].ravel()])).max()
    assert ground < 1e-5 and np.abs(found[5:11, 5:11]).min() > 10 * ground


def test_it_is_the_fall_of_the_preference(recommender):
    """At 16x16 patches are of 2 pixels, and the corner has one patch alone."""
    picture = np.random.default_rng(3).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    user_embedding = recommender.theta.numpy()[1]
    covered = picture.copy()
    covered[:2, :2] = ground_of(picture)[0, 0]
    embeddings = recommender.encoder(scale(np.stack([picture, covered]))).numpy()
    fall = float((embeddings[0] - embeddings[1]) @ user_embedding)
    found = occlusion_map(recommender.encoder, user_embedding, picture)
    assert found[0, 0] == pytest.approx(fall, rel=1e-3)
    np.testing.assert_allclose(
        occlusion_map(recommender.encoder, -user_embedding, picture), -found, 1e-4
    )


def test_the_ground_is_the_color_of_the_border():
    picture = garment_on_gray(16, 12)
    assert np.all(ground_of(picture) == 240)
    picture[0, :5] = 3  # a few odd pixels have no say
    assert np.all(ground_of(picture) == 240)


def test_bars_of_white_are_no_ground():
    picture = np.full((16, 16, 3), 255, np.uint8)
    picture[:, 4:12] = garment_on_gray(16, 8)
    for each in (picture, picture.transpose(1, 0, 2)):
        expected = np.where(
            each.min(axis=(0 if each is picture else 1), keepdims=True) < 255, 240, 255
        )
        ground = ground_of(each)
        np.testing.assert_array_equal(ground, np.broadcast_to(expected[..., :1], ground.shape))


def test_a_garment_on_white_is_no_bar():
    picture = np.full((16, 16, 3), 255, np.uint8)
    picture[3:13, 5:11] = 9
    assert np.all(ground_of(picture) == 255)
    assert np.all(ground_of(np.full((16, 16, 3), 255, np.uint8)) == 255)
