"""Large pictures, of as many garments as the unit tests measure of small ones."""

import numpy as np

from keras_fashion.data.sources.atelier.attributes import CATEGORIES, sample_garments
from keras_fashion.data.sources.atelier.garments import draw_garment
from keras_fashion.data.sources.atelier.measurement import measure


def test_large_pictures_measure_like_small_ones():
    garments = sample_garments(np.random.default_rng(5), 300)
    garments = garments[garments["category"] == CATEGORIES.index("Trousers")][:30]
    pictures = [np.clip(draw_garment(each, 128), 0, 255).astype(np.uint8) for each in garments]
    found = [measure(picture, "Trousers") for picture in pictures]
    for name, bound in (("length", 0.05), ("width", 0.08)):
        errors = garments[name] - [getattr(each, name) for each in found]
        assert np.abs(errors).mean() < bound
