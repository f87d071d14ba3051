import random

import keras
import numpy as np
import pytest

from keras_fashion.models import CNNF, CompactEncoder
from keras_fashion.models.encoders import BatchDropout, EmbeddingHead

RNG = np.random.default_rng(0)
COMPACT = {"embedding_size": 6, "picture_size": (32, 16), "width": 4}
SMALL = {
    "compact": (CompactEncoder, COMPACT),
    "compact with a hidden layer": (CompactEncoder, COMPACT | {"hidden_size": 5}),
    "cnnf": (CNNF, {"embedding_size": 6, "picture_size": (32, 48), "dense_size": 7}),
}
every = pytest.mark.parametrize("kind", SMALL)


def small(kind, **options):
    encoder, arguments = SMALL[kind]
    return encoder(**arguments, **options)


def built(encoder):
    encoder.build((None, *encoder.picture_size, 3))
    return encoder


def pictures(encoder, count=3):
    return RNG.uniform(-1, 1, (count, *encoder.picture_size, 3)).astype(np.float32)


def parameters(encoder):
    """How many numbers the layers will have; to make CNN-F's takes 283 MB."""
    shape, count = (None, *encoder.picture_size, 3), 0
    for layer in encoder.stack.layers:
        if hasattr(layer, "use_bias"):
            count += np.prod(getattr(layer, "kernel_size", ())) * shape[-1] * units(layer)
            count += layer.use_bias * units(layer)
        shape = layer.compute_output_shape(shape)
    return count


def units(layer):
    return layer.filters if isinstance(layer, keras.layers.Conv2D) else layer.units


@pytest.mark.parametrize(("embedding_size", "expected"), [(100, 70_778_724), (50, 70_573_874)])
def test_cnnf_has_the_parameters_of_the_papers_code(embedding_size, expected):
    assert parameters(CNNF(embedding_size)) == expected


def test_the_parameters_counted_are_those_made():
    assert parameters(small("cnnf")) == built(small("cnnf")).count_params()


def test_compact_encoder_parameters():
    # 3 -> 24 by 5x5, 24 -> 48 -> 96 -> 96 by 3x3, each normalized (four numbers a filter), then
    # 2x2x96 to 50 without biases.
    kernels = 3 * 24 * 25 + (24 * 48 + 48 * 96 + 96 * 96) * 9 + 384 * 50
    assert built(CompactEncoder()).count_params() == kernels + 4 * (24 + 48 + 96 + 96)


@every
def test_embeddings_are_real_numbers_one_row_a_picture(kind):
    encoder = built(small(kind))
    some = pictures(encoder, 40)
    together = encoder(some).numpy()
    assert together.shape == (40, 6)
    assert together.min() < 0 < together.max()  # the last layer is linear
    alone = np.concatenate([encoder(picture[None]) for picture in some])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert (np.ptp(together, axis=0) > 0).all()


@every
def test_places_are_told_apart(kind):
    encoder = built(small(kind))
    top = -np.ones((1, *encoder.picture_size, 3), np.float32)
    top[:, :16] = 1
    assert np.abs(encoder(top) - encoder(top[:, ::-1])).max() > 1e-3


@every
def test_drops_in_training_only(kind):
    encoder = built(small(kind, dropout=0.5))
    some = pictures(encoder)
    np.testing.assert_array_equal(encoder(some), encoder(some, training=False))
    assert np.abs(encoder(some, training=True) - encoder(some)).max() > 1e-3


@every
def test_file_gives_the_same_encoder_back(kind, tmp_path):
    encoder = built(small(kind, dropout=0.25))
    encoder(pictures(encoder), training=True)  # moves the averages of normalization
    encoder.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    assert loaded.get_config() == encoder.get_config()
    assert loaded.picture_size == encoder.picture_size
    some = pictures(encoder)
    np.testing.assert_array_equal(loaded(some), encoder(some))


@every
def test_the_seed_decides_weights_and_dropout_and_nothing_else_does(kind, tmp_path):
    def outcome(seed):
        state = random.getstate()
        encoder = built(small(kind, dropout=0.5, seed=seed))
        assert random.getstate() == state  # that Keras draws its seeds from
        ones = np.ones((2, *encoder.picture_size, 3), np.float32)
        return encoder, [*encoder.get_weights(), encoder(ones, training=True)]

    keras.utils.set_random_seed(1)
    encoder, first = outcome(7)
    keras.utils.set_random_seed(2)
    _, again = outcome(7)
    _, given = outcome(keras.random.SeedGenerator(7))
    _, other = outcome(8)
    for one, two, three in zip(first, again, given, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)
    assert not np.array_equal(first[0], other[0])
    assert encoder.get_config()["seed"] == 7
    encoder.save(tmp_path / "encoder.keras")
    assert keras.saving.load_model(tmp_path / "encoder.keras").get_config()["seed"] == 7


@every
@pytest.mark.parametrize("make", [lambda: None, lambda: keras.random.SeedGenerator(7)])
def test_a_seed_that_is_no_integer_is_not_recorded(kind, make):
    encoder = small(kind, seed=make())
    assert "seed" not in encoder.get_config()
    assert type(encoder).from_config(encoder.get_config()).seed is None


def test_the_layers_of_cnnf_do_not_drop_the_same_units():
    encoder = small("cnnf", seed=7)
    states = [
        layer.seed_generator.state.numpy()
        for layer in encoder.stack.layers
        if isinstance(layer, BatchDropout)
    ]
    assert len(states) == 2 and not np.array_equal(*states)
    kernels = [each.numpy() for each in built(small("cnnf", seed=7)).trainable_variables]
    same_shape = [kernel for kernel in kernels if kernel.shape == (3, 3, 256, 256)]
    assert len(same_shape) == 3 and not np.array_equal(same_shape[0], same_shape[1])


def test_embedding_head_by_hand():
    head = EmbeddingHead(embedding_size=2, hidden_size=3)
    features = RNG.normal(size=(4, 5)).astype(np.float32)
    begun = head(features)
    weights = [each.numpy() for each in (head.linear.kernel, head.hidden.kernel)]
    np.testing.assert_allclose(begun, features @ weights[0], rtol=1e-5)

    out = RNG.normal(size=(3, 2)).astype(np.float32)
    head.output_layer.kernel.assign(out)
    scale, shift, mean, variance = (RNG.uniform(0.5, 2, 3) for _ in range(4))
    head.normalization.set_weights([scale, shift, mean, variance])
    hidden = (features @ weights[1] - mean) / np.sqrt(variance + 1e-3) * scale + shift
    expected = features @ weights[0] + np.maximum(hidden, 0) @ out
    np.testing.assert_allclose(head(features), expected, rtol=1e-4, atol=1e-5)
    assert np.abs(head(features, training=True) - expected).max() > 1e-3


def test_embedding_head_without_hidden_units_is_the_linear_map():
    head = EmbeddingHead(embedding_size=2, hidden_size=0, initializer="identity")
    features = RNG.normal(size=(4, 3)).astype(np.float32)
    np.testing.assert_allclose(head(features, training=True), features[:, :2])
    again = EmbeddingHead.from_config(head.get_config())
    again(features)
    assert len(again.weights) == len(head.weights) == 1
