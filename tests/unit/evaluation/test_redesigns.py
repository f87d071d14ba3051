"""Tests of the study of redesigns, against plain loops over frames and items."""

import numpy as np
import pytest

from keras_fashion.data import scale
from keras_fashion.design import redesign
from keras_fashion.evaluation.compared_methods import random_items
from keras_fashion.evaluation.generation import draw_pairs
from keras_fashion.evaluation.preference import StandardizedPreference
from keras_fashion.evaluation.redesigns import FRAMES, redesign_study

STRIPS = 2


@pytest.fixture(scope="module")
def table(dvbpr, second_dvbpr, maximizer):
    return redesign_study(dvbpr, second_dvbpr, maximizer, STRIPS, seed=3)


def test_a_row_is_the_mean_of_a_frame_over_strips(table, dvbpr, second_dvbpr, maximizer):
    catalogue = dvbpr.catalogue
    users, categories = draw_pairs(dvbpr, STRIPS, 3)
    items = random_items(catalogue.item_categories, categories, 3)[:, 0]
    ranks, nearest, others, strips = [], [], [], []
    for user, category, item in zip(users, categories, items, strict=True):
        pictures = catalogue.pictures_of(np.arange(24), (16, 16))
        strip = redesign(maximizer, user, pictures[item], category, frames=FRAMES)
        strips.append(strip)
        sample = maximizer.gan.draw(
            maximizer.prior_sample([category]).latents.numpy(), np.full(1024, category)
        )
        embeddings = maximizer.embed(scale(pictures)).numpy()
        of_sample = maximizer.embed(scale(sample)).numpy()
        for frame in range(FRAMES):
            shown = strip.pictures[frame].astype(float)
            style = maximizer.embed(scale(strip.pictures[frame][None])).numpy()[0]
            pixel_unit = ((sample - shown) ** 2).mean()
            embedding_unit = ((of_sample - style) ** 2).mean()
            far = {
                other: ((pictures[other] - shown) ** 2).mean() / pixel_unit / 2
                + ((embeddings[other] - style) ** 2).mean() / embedding_unit / 2
                for other in np.flatnonzero(catalogue.item_categories == category)
            }
            own = far.pop(item)
            nearest.append(own < min(far.values()))
            others.append(min(far.values()))
            ranks.append(np.mean([own > each for each in far.values()]))

    def means(values):
        return np.reshape(values, (STRIPS, FRAMES)).mean(axis=0)

    assert table["frame"].tolist() == list(range(FRAMES))
    np.testing.assert_allclose(table["nearest"], means(nearest))
    np.testing.assert_allclose(table["rank"], means(ranks))
    np.testing.assert_allclose(table["other"], means(others), rtol=0.02)
    for column in ("distance", "realism"):
        expected = means([getattr(strip, column) for strip in strips])
        np.testing.assert_allclose(table[column], expected, rtol=1e-3, atol=1e-4)
    shown = np.stack([strip.pictures for strip in strips])
    for column, run in [("preference", dvbpr), ("unseen_preference", second_dvbpr)]:
        liked = StandardizedPreference(run, users, categories).of_pictures(shown)
        np.testing.assert_allclose(table[column], liked.mean(axis=0), atol=1e-3)


def test_preference_rises_along_the_strip(table):
    assert table["preference"].iloc[-1] > table["preference"].iloc[0]
