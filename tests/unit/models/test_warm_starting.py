import numpy as np
import pytest
from keras import layers

from keras_fashion.errors import InputError
from keras_fashion.models import GAN_PRESETS, warm_start

TRAINED_CATEGORIES = ["Bags", "Shoes", "Tops"]
PRESETS = ["default", "least-squares"]


def made(preset="default", categories=3, size=(16, 32), width=4, seed=1):
    return GAN_PRESETS[preset].make(categories, size, width=width, seed=seed)


def trained(preset="default", **options):
    """A GAN whose average and moving statistics differ from those of its generator."""
    gan = made(preset, **options)
    rng = np.random.default_rng(0)
    for weight in (*gan.ema_generator.weights, *gan.discriminator.weights):
        weight.assign(weight * rng.uniform(0.5, 1.5, weight.shape))
    return gan


def latents(count):
    return np.random.default_rng(1).uniform(-1, 1, (count, 100)).astype(np.float32)


def outputs(gan, pictures, category):
    return gan.discriminator([pictures, np.array(category)]).numpy()[:, 0]


def noise(count, size=(16, 32)):
    return np.random.default_rng(2).uniform(-1, 1, (count, *size, 3)).astype(np.float32)


def smooth(count, size):
    """Pictures of 2x2 colors."""
    colors = np.random.default_rng(3).uniform(-1, 1, (count, 2, 2, 3)).astype(np.float32)
    return np.kron(colors, np.ones((1, size // 2, size // 2, 1), np.float32))


def of_kind(network, kind):
    return next(layer for layer in network.layers if isinstance(layer, kind))


@pytest.mark.parametrize("preset", PRESETS)
def test_the_same_categories_and_size_give_the_same_networks(preset):
    before, gan = trained(preset), made(preset, seed=2)
    warm_start(gan, before, TRAINED_CATEGORIES, TRAINED_CATEGORIES)
    inputs = [latents(3), np.arange(3)]
    expected = before.ema_generator(inputs)
    assert not np.allclose(before.generator(inputs), expected, atol=1e-3)
    for generator in (gan.generator, gan.ema_generator):
        np.testing.assert_array_equal(generator(inputs), expected)
    np.testing.assert_array_equal(
        outputs(gan, noise(3), [0, 1, 2]), outputs(before, noise(3), [0, 1, 2])
    )


def test_categories_are_found_by_their_names():
    before, gan = trained(), made(categories=4, seed=2)
    warm_start(gan, before, ["Coats", "Shoes", "Skirts", "Tops"], TRAINED_CATEGORIES)
    np.testing.assert_array_equal(
        gan([latents(2), np.array([1, 3])]), before([latents(2), np.array([1, 2])])
    )
    np.testing.assert_array_equal(outputs(gan, noise(2), [1, 3]), outputs(before, noise(2), [1, 2]))


def test_a_new_category_is_near_the_mean_of_the_trained_ones():
    before, gan, initial = trained(), made(seed=2), made(seed=2)
    warm_start(gan, before, ["Coats", "Skirts", "Tops"], TRAINED_CATEGORIES)
    for network in ("ema_generator", "discriminator"):
        rows, drawn, old = (
            np.array(of_kind(getattr(each, network), layers.Embedding).embeddings)
            for each in (gan, initial, before)
        )
        np.testing.assert_allclose(rows[:2], old.sum(0) / 3 + 0.1 * drawn[:2], atol=1e-6)
    # The output is linear in the embedding: for a new category it is about the mean.
    pictures = noise(1).repeat(3, axis=0)
    mean = outputs(before, pictures, [0, 1, 2]).mean()
    np.testing.assert_allclose(outputs(gan, pictures, [0, 1, 0])[:2], mean, atol=0.05)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_second_row_of_positions_repeats_the_first(preset):
    """From 16x32 to 32x32, the smallest feature maps become two equal rows of two positions."""
    before, gan = trained(preset), made(preset, size=(32, 32), seed=2)
    warm_start(gan, before, TRAINED_CATEGORIES, TRAINED_CATEGORIES)
    new, old = (
        of_kind(each.ema_generator, layers.Dense).kernel.numpy().reshape(116, -1, 2, 32)
        for each in (gan, before)
    )
    np.testing.assert_allclose(new, old.repeat(2, axis=1), rtol=1e-6)
    for kind, axis in ((layers.Dense, 0), (layers.Embedding, 1)):
        new, old = (of_kind(each.discriminator, kind).get_weights()[0] for each in (gan, before))
        for half in np.split(new, 2, axis=axis):
            np.testing.assert_allclose(half, old / 2, rtol=1e-6)


def test_larger_networks_draw_and_judge_similarly():
    """By the mean of four: of a single discriminator, not trained, it is from 0.3 to 0.9."""
    category, alike = np.arange(30) % 3, []
    for seed in range(1, 5):
        before, gan = trained(size=(32, 32), seed=seed), made(size=(64, 64), seed=9)
        warm_start(gan, before, TRAINED_CATEGORIES, TRAINED_CATEGORIES)
        small = before([latents(30), category]).numpy()
        large = gan([latents(30), category]).numpy().reshape(30, 32, 2, 32, 2, 3).mean(axis=(2, 4))
        judged = outputs(before, smooth(30, 32), category)
        larger = outputs(gan, smooth(30, 64), category)
        pairs = (small.ravel(), large.ravel()), (judged, larger)
        alike.append([np.corrcoef(*pair)[0, 1] for pair in pairs])
    assert (np.mean(alike, axis=0) > (0.8, 0.5)).all()
    assert 0.5 < larger.std() / judged.std() < 1.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "least-squares"}, "a Generator cannot start from a UpsamplingGenerator.*`pre"),
        ({"width": 2}, "has a width of 4, not 2; give `width` 4"),
    ],
)
def test_other_networks_are_refused(options, message):
    gan = made(**options)
    weights = gan.get_weights()
    with pytest.raises(InputError, match=message):
        warm_start(gan, made(), TRAINED_CATEGORIES, TRAINED_CATEGORIES)
    for kept, weight in zip(weights, gan.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, weight)


def test_other_latents_are_refused():
    gan = made()
    gan.latent_dim = 50
    with pytest.raises(InputError, match="latents of length 100, not 50"):
        warm_start(gan, made(), TRAINED_CATEGORIES, TRAINED_CATEGORIES)


def test_networks_without_embeddings_of_categories_are_refused():
    with pytest.raises(InputError, match="DVBPRGenerator has no embeddings.*another `preset`"):
        warm_start(made("dvbpr"), made("dvbpr"), TRAINED_CATEGORIES, TRAINED_CATEGORIES)
