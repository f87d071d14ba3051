import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.decomposition import PCA
from tiny_backbone import TINY_BACKBONE

from keras_fashion.data import Split, picture_batches, triplets
from keras_fashion.errors import InputError
from keras_fashion.models import DVBPR, PretrainedEncoder, efficientnet_lite, load
from keras_fashion.models.backbones import BACKBONES, backbone
from keras_fashion.models.dvbpr import MOMENTUM
from keras_fashion.optimizers import LazyAdam

SIZE = (64, 80)
NAME = "efficientnet-lite0"
RNG = np.random.default_rng(0)
# Of different colors: the averages of noise would all be alike.
PICTURES = (
    np.clip(RNG.uniform(-1, 1, (20, 1, 1, 3)) + RNG.normal(0, 0.1, (20, *SIZE, 3)), -1, 1)
).astype(np.float32)


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setitem(BACKBONES, NAME, TINY_BACKBONE)


@pytest.fixture
def make(tiny):
    """Makes an adapted encoder with a backbone of 12 averages."""

    def make(embedding_size=4, **options):
        network = backbone(NAME, "imagenet", SIZE)
        options = {"hidden_size": 6, "seed": 0} | options
        encoder = PretrainedEncoder(network, embedding_size, **options)
        encoder.adapt(encoder.averages(PICTURES).numpy())
        return encoder

    return make


def scramble(encoder):
    """Gives the head random weights, also those that start as zeros."""
    rng = np.random.default_rng(1)
    for weight in encoder.stack.weights:
        if "seed" not in weight.name:
            weight.assign(rng.uniform(0.2, 1, weight.shape) * rng.choice([-1, 1], weight.shape))
            if weight.name == "moving_variance":
                weight.assign(np.abs(weight))
    return encoder


def by_hand(encoder, averages):
    """E f + W2 relu(norm(W1 f)) of float64 averages."""
    head = encoder.stack.layers[1]
    norm = head.normalization
    f = (averages - encoder.center.numpy()) @ encoder.projection.numpy().astype(float)
    h = f @ head.hidden.kernel.numpy()
    h = (h - norm.moving_mean.numpy()) / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)
    h = np.maximum(h * norm.gamma.numpy() + norm.beta.numpy(), 0)
    return f @ head.linear.kernel.numpy() + h @ head.output_layer.kernel.numpy()


def test_phi_by_hand_from_the_maps_of_the_network(make):
    encoder = scramble(make())
    maps = TINY_BACKBONE.load("", SIZE)(PICTURES)
    means = np.concatenate([np.mean(each, axis=(1, 2), dtype=float) for each in maps], axis=1)
    assert means.shape == (20, 12) and encoder.num_averages == 12
    expected = by_hand(encoder, means)
    # The network computes in bfloat16.
    error = np.linalg.norm(encoder(PICTURES) - expected, axis=1)
    assert np.median(error / np.linalg.norm(expected, axis=1)) < 0.03
    averages = encoder.averages(PICTURES).numpy()
    np.testing.assert_allclose(averages, means, atol=0.02 * np.abs(means).max())
    np.testing.assert_allclose(encoder(averages), by_hand(encoder, averages), atol=1e-4)


def test_averages_stand_for_pictures_and_the_network_does_not_run(make, monkeypatch):
    encoder = scramble(make())
    averages, expected = encoder.averages(PICTURES), encoder(PICTURES).numpy()
    assert np.ptp(expected, axis=0).min() > 0.1
    never = staticmethod(lambda picture: pytest.fail("ran"))
    monkeypatch.setattr(PretrainedEncoder, "averages", never)
    np.testing.assert_allclose(encoder(averages), expected, atol=1e-5)


def test_it_starts_as_the_principal_components_half_whitened(make):
    averages = make().averages(PICTURES).numpy()
    peer = PCA(12).fit(averages)
    expected = peer.transform(averages) / peer.explained_variance_**0.25
    expected *= np.sqrt(10 / np.square(expected).sum(axis=1).mean())
    for size in (3, 12):
        found = make(size)(averages).numpy()
        np.testing.assert_allclose(np.abs(found), np.abs(expected[:, :size]), atol=2e-3)
    # More than there are leave the rest to the hidden units.
    np.testing.assert_allclose(make(14)(averages)[:, 12:], 0)


def test_only_the_head_is_trained_and_counted(make):
    encoder = make()
    averages = encoder.averages(PICTURES).numpy()
    model = DVBPR(3, 20, encoder, with_history=True, encoder_regularization=0.5, seed=0)
    model.regularization = 0.0
    head = encoder.stack.layers[1]
    kernels = [each.kernel for each in (head.linear, head.hidden, head.output_layer)]
    some = tf.constant([0, 1])
    expected = 0.5 * 0.5 * sum(np.sum(np.square(kernel)) for kernel in kernels) / 2
    assert float(model.regularizer(some, some, some)) == pytest.approx(expected, rel=1e-5)

    train = np.array([(user, item) for user in range(3) for item in range(user, 20, 3)], np.int32)
    split = Split(3, 20, train, train[:0], train[:0])
    frozen = [*encoder.network.weights, encoder.center, encoder.projection]
    before = [weight.numpy().copy() for weight in frozen]
    begun = [weight.numpy().copy() for weight in kernels]
    model.compile(optimizer=LazyAdam(0.05))
    batches = triplets(split, 10, 0, averages, negatives=5, history=3)
    losses = model.fit(batches, steps_per_epoch=10, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0]
    for weight, value in zip(frozen, before, strict=True):
        np.testing.assert_array_equal(weight, value)
    for kernel, value in zip(kernels, begun, strict=True):
        assert np.abs(kernel - value).max() > 1e-3
    assert len(encoder.trainable_variables) == 5  # three kernels, and two of the normalization
    # What it has learned from averages it sees in the pictures.
    items = model.scoring_vectors(picture_batches(averages), train).items
    np.testing.assert_allclose(encoder(PICTURES), items, atol=1e-4)


def test_it_can_be_differentiated_in_the_pictures(make):
    """Along a direction, against finite differences of a network in float32."""
    pictures = keras.Input((*SIZE, 3))
    start = keras.initializers.GlorotUniform(3)
    maps = keras.layers.Conv2D(6, 5, 3, activation="softplus", kernel_initializer=start)(pictures)
    average = keras.layers.GlobalAveragePooling2D()
    network = keras.Model(pictures, [average(pictures), average(maps)])
    encoder = PretrainedEncoder(network, 4, hidden_size=6, seed=0)
    encoder.adapt(encoder.averages(PICTURES).numpy())
    scramble(encoder)
    picture, direction = tf.constant(PICTURES[:1]), np.linspace(0.5, 1, 4, dtype=np.float32)
    value = tf.function(lambda picture: tf.reduce_sum(encoder(picture) * direction))
    with tf.GradientTape() as tape:
        tape.watch(picture)
        score = value(picture)
    gradient = tape.gradient(score, picture).numpy()
    step = 0.001 * np.sign(gradient)
    expected = float(value(picture + step) - value(picture - step)) / 2
    assert expected > 0.01
    assert np.sum(gradient * step) == pytest.approx(expected, rel=0.02)


def test_training_drops_components_and_hidden_units(make):
    encoder = scramble(make(dropout=0.5))
    dropout, head = encoder.stack.layers
    averages = encoder.averages(PICTURES)
    np.testing.assert_array_equal(encoder(averages), encoder(averages))
    head.output_layer.kernel.assign(tf.zeros((6, 4)))
    head.linear.kernel.assign(tf.eye(12, 4))
    f = encoder(averages).numpy()
    dropped = encoder(averages, training=True).numpy()
    np.testing.assert_allclose(np.where(dropped == 0, 0, 2 * f), dropped, atol=1e-5)
    assert 0.2 < np.mean(dropped == 0) < 0.8
    head.linear.kernel.assign(tf.zeros((12, 4)))
    dropout.rate = 0.0
    # Hidden units that are all above 0.
    head.normalization.gamma.assign(tf.zeros(6))
    head.normalization.beta.assign(tf.ones(6))
    head.output_layer.kernel.assign(np.eye(6, 4))
    np.testing.assert_array_equal(encoder(averages), np.ones((20, 4)))
    dropped = encoder(averages, training=True).numpy()
    assert np.unique(dropped).tolist() == [0, 2] and 0.2 < np.mean(dropped == 0) < 0.8


def test_the_seed_decides_the_head(tiny):
    def outcome(seed):
        encoder = PretrainedEncoder.from_backbone(NAME, SIZE, 4, seed=seed)
        weights = encoder.stack.layers[1].hidden.kernel.numpy()
        return weights, encoder(encoder.averages(PICTURES), training=True).numpy()

    keras.utils.set_random_seed(1)
    first = outcome(7)
    keras.utils.set_random_seed(2)
    for one, again, other in zip(first, outcome(7), outcome(8), strict=True):
        np.testing.assert_array_equal(one, again)
        assert not np.array_equal(one, other)


@pytest.mark.parametrize("is_tiny", [True, False])
def test_a_file_gives_the_same_model_without_the_networks_weights(is_tiny, tmp_path, monkeypatch):
    size = (64, 64)
    pictures = PICTURES[:3, :, :64]
    if is_tiny:
        monkeypatch.setitem(BACKBONES, NAME, TINY_BACKBONE)
    encoder = PretrainedEncoder.from_backbone(NAME, size, 4, seed=3)
    encoder.adapt(encoder.averages(pictures).numpy())
    scramble(encoder)
    model = DVBPR(2, 3, encoder)
    model.compile(optimizer=LazyAdam(0.05))
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "model.keras")

    monkeypatch.delitem(BACKBONES, NAME)
    monkeypatch.setattr(efficientnet_lite, "_installed", lambda: pytest.fail("was read"))
    loaded = load(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.encoder(pictures), encoder(pictures))
    assert json.dumps(loaded.encoder.get_config()) == json.dumps(encoder.get_config())
    assert loaded.encoder.picture_size == size and loaded.encoder.network.name == NAME
    assert len(loaded.trainable_variables) == len(model.trainable_variables)
    assert not loaded.encoder.network.trainable_variables


def test_remembered_embeddings_are_those_of_the_items(make):
    model = DVBPR(2, 20, make(), with_history=True, seed=0)
    embeddings = model.encoder(PICTURES).numpy() + 1
    model.remember(embeddings)
    found = model.history_mean(tf.constant([[2, 5], [-1, -1]]))
    np.testing.assert_allclose(found[0], embeddings[[2, 5]].mean(0) - embeddings.mean(0), atol=1e-5)
    np.testing.assert_array_equal(found[1], np.zeros(4))
    # From there on training goes on remembering.
    model.item_embedding(tf.constant([2]), PICTURES[2:3], training=True)
    seen = model.item_embeddings.numpy()
    assert (seen != embeddings).any(axis=1).tolist() == [item == 2 for item in range(20)]
    mean = MOMENTUM * embeddings.mean(0) + (1 - MOMENTUM) * seen[2]
    np.testing.assert_allclose(model.embedding_mean, mean, atol=1e-5)


@pytest.mark.parametrize("size", [(63, 128), (128, 63)])
def test_pictures_that_are_too_small_are_refused(size):
    with pytest.raises(InputError, match="`encoder` efficientnet-lite0.*`picture_size` of 64.*63"):
        PretrainedEncoder.from_backbone(NAME, size)


def test_an_unknown_network_is_refused():
    with pytest.raises(InputError, match="no backbone 'alexnet'"):
        PretrainedEncoder.from_backbone("alexnet", SIZE)
