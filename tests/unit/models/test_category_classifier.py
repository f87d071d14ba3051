import random

import keras
import numpy as np
import pytest

from keras_fashion.models.category_classifier import CategoryClassifier

WIDTHS = (24, 40)


@pytest.fixture(scope="module")
def labeled():
    """Noise whose category is whether the upper or the lower half is darker."""
    random = np.random.default_rng(0)
    categories = random.integers(0, 2, 256).astype(np.int32)
    pictures = random.uniform(-0.3, 1, (256, 32, 32, 3)).astype(np.float32)
    for picture, category in zip(pictures, categories, strict=True):
        picture[16 * category : 16 * (category + 1)] -= 0.7
    return pictures, categories


@pytest.fixture(scope="module")
def classifier(labeled):
    model = CategoryClassifier(num_categories=2, widths=WIDTHS, seed=3)
    model.compile(
        optimizer=keras.optimizers.Adam(3e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(*labeled, batch_size=32, epochs=8, verbose=0)
    return model


def test_learns_where_things_are(classifier, labeled):
    assert classifier.evaluate(*labeled, verbose=0)[1] > 0.95


def test_features_are_standardized(classifier, labeled):
    features = keras.ops.convert_to_numpy(classifier.features(labeled[0]))
    assert features.shape == (256, sum(WIDTHS))
    assert np.abs(features.mean(axis=0)).mean() < 0.3
    assert 0.7 < np.median(features.std(axis=0)) < 1.4


def test_logits_are_a_linear_map_of_the_features(classifier, labeled):
    pictures = labeled[0][:8]
    features = keras.ops.convert_to_numpy(classifier.features(pictures))
    kernel, bias = classifier.logits.get_weights()
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(classifier(pictures)), features @ kernel + bias, atol=1e-4
    )


def test_any_picture_size(classifier):
    pictures = np.zeros((2, 48, 40, 3), np.float32)
    assert classifier.features(pictures).shape == (2, sum(WIDTHS))
    assert CategoryClassifier(2).features(pictures).shape == (2, 128)


def test_round_trip(classifier, labeled, tmp_path):
    classifier.save(tmp_path / "classifier.keras")
    loaded = keras.saving.load_model(tmp_path / "classifier.keras")
    pictures = labeled[0][:4]
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(loaded(pictures)),
        keras.ops.convert_to_numpy(classifier(pictures)),
    )
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(loaded.features(pictures)),
        keras.ops.convert_to_numpy(classifier.features(pictures)),
    )
    assert loaded.widths == classifier.widths == WIDTHS


@pytest.mark.parametrize("options", [{"num_categories": 0}, {"num_categories": 2, "widths": ()}])
def test_refuses_nonsense(options):
    with pytest.raises(ValueError, match="received"):
        CategoryClassifier(**options)


def test_the_seed_decides_the_weights_and_keras_draws_nothing():
    def weights(**options):
        model = CategoryClassifier(2, widths=(3, 4), **options)
        model.build((None, 8, 8, 3))
        return model.get_weights()

    state = random.getstate()
    first, again, given = weights(), weights(seed=0), weights(seed=keras.random.SeedGenerator(0))
    assert random.getstate() == state  # that Keras draws its seeds from
    for one, two, three in zip(first, again, given, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)
    assert not np.array_equal(first[0], weights(seed=1)[0])
    model = CategoryClassifier(2, seed=5)
    assert CategoryClassifier.from_config(model.get_config()).seed == 5
    assert "seed" not in CategoryClassifier(2, seed=keras.random.SeedGenerator(5)).get_config()
