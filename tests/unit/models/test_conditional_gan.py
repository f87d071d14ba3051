import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.errors import InputError
from keras_fashion.losses import LeastSquaresDiscriminatorLoss, LeastSquaresGeneratorLoss
from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.models.discriminator import Discriminator
from keras_fashion.models.generator import Generator


def made(categories, size, latent_dim=5, width=4, seed=1):
    """A small GAN of the default networks."""
    return ConditionalGAN(
        Generator(categories, size, latent_dim, width, seed),
        Discriminator(categories, size, width, seed),
        seed=seed,
    )


def adams():
    return [keras.optimizers.Adam(6e-4, beta_1=0.5, beta_2=0.99) for _ in range(2)]


def logs(gan):
    """The two losses of a step, one list."""
    gan.reset_metrics()
    return [float(loss) for loss in gan.train_step(batch()).values()]


@pytest.fixture(scope="module")
def shared():
    """What is made once, and all numbers that it began with."""
    gan = made(3, (16, 32))
    return gan, gan.get_weights(), gan.seed_generator.state.numpy()


@pytest.fixture
def gan(shared):
    """An untrained GAN: that of the module as it began, with new optimizers."""
    gan, weights, seed = shared
    gan.set_weights(weights)
    gan.seed_generator.state.assign(seed)
    gan.compile(*adams())
    gan.reset_metrics()
    return gan


def batch(count=6, size=(16, 32), categories=3):
    rng = np.random.default_rng(0)
    pictures = rng.uniform(-1, 1, (count, *size, 3)).astype("float32")
    return tf.constant(pictures), tf.constant(np.arange(count) % categories, tf.int32)


def values(network):
    return [np.array(weight) for weight in network.weights]


def moved(before, network):
    return [not np.array_equal(a, b) for a, b in zip(before, values(network), strict=True)]


def test_pictures_and_verdicts(gan):
    pictures, category = batch()
    latents = gan.sample_latents(6)
    assert latents.shape == (6, 5)
    assert float(tf.reduce_max(tf.abs(latents))) <= 1
    generated = gan.ema_generator([latents, category])
    assert generated.shape == (6, 16, 32, 3)
    assert generated.dtype == tf.float32
    assert float(tf.reduce_max(tf.abs(generated))) <= 1
    assert gan.discriminator([pictures, category]).shape == (6, 1)
    np.testing.assert_array_equal(gan([latents, category]), generated)


def test_drawn_pictures_are_the_generators_in_whole_levels(gan):
    # more than go through the network together
    latents, category = np.array(gan.sample_latents(70)), np.arange(70) % 3
    drawn = gan.draw(latents, category)
    assert drawn.shape == (70, 16, 32, 3) and drawn.dtype == np.uint8
    for row in (0, 63, 64, 69):
        picture = gan.ema_generator([latents[[row]], category[[row]].astype("int32")])[0]
        np.testing.assert_allclose(drawn[row], np.array(picture) * 127.5 + 127.5, atol=0.51)


def test_verdicts_by_batches_are_the_discriminators(gan):
    # more than go through the network together
    pictures = np.random.default_rng(1).integers(0, 256, (70, 16, 32, 3)).astype(np.uint8)
    category = np.arange(70) % 3
    verdicts = gan.discriminate(pictures, category)
    assert verdicts.shape == (70,) and verdicts.dtype == np.float32
    for row in (0, 63, 64, 69):
        seen = pictures[[row]].astype("float32") / 127.5 - 1
        expected = gan.discriminator([seen, category[[row]].astype("int32")])[0, 0]
        np.testing.assert_allclose(verdicts[row], expected, rtol=1e-4, atol=1e-6)


def test_prior_is_uniform(gan):
    latents = np.array(gan.sample_latents(6400)).ravel()
    assert np.mean(latents) == pytest.approx(0, abs=0.02)
    assert np.var(latents) == pytest.approx(1 / 3, abs=0.01)
    assert np.mean(latents < -0.5) == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("size", [(20, 32), (32, 8), (0, 16)])
def test_picture_size_must_be_divisible_by_sixteen(size):
    with pytest.raises(InputError, match=f"{size[0]}x{size[1]}"):
        made(2, size)


def test_discriminator_step_moves_only_the_discriminator(gan):
    pictures, category = batch()
    kept = values(gan.ema_generator), values(gan.generator)
    judge = [np.array(variable) for variable in gan.discriminator.trainable_variables]
    gan.discriminator_step(pictures, gan.ema_generator([gan.sample_latents(6), category]), category)
    assert not any(moved(kept[0], gan.ema_generator))
    assert not any(moved(kept[1], gan.generator))
    for before, after in zip(judge, gan.discriminator.trainable_variables, strict=True):
        assert not np.array_equal(before, after), after.path


@pytest.mark.parametrize("moving", ["generator", "discriminator"])
def test_each_optimizer_moves_all_of_its_own_network_down_its_own_loss(gan, moving):
    pictures, category = batch()
    networks = {"generator": gan.generator, "discriminator": gan.discriminator}
    trained = {name: network.trainable_variables for name, network in networks.items()}
    before = {name: [np.array(each) for each in each_one] for name, each_one in trained.items()}
    state = gan.seed_generator.state.numpy()
    latents = gan.sample_latents(6)
    with tf.GradientTape() as tape:
        fake = gan.discriminator([gan.generator([latents, category], training=True), category])
        loss = tf.reduce_sum((fake - 1) ** 2) / 12
        if moving == "discriminator":
            real = gan.discriminator([pictures, category])
            loss = tf.reduce_sum((real - 1) ** 2) / 12 + tf.reduce_sum(fake**2) / 12
    slopes = [tf.convert_to_tensor(slope) for slope in tape.gradient(loss, trained[moving])]

    # with the other one at rest
    gan.compile(*(keras.optimizers.SGD(1.0 if name == moving else 0.0) for name in networks))
    gan.seed_generator.state.assign(state)
    gan.train_step((pictures, category))
    for name, variables in trained.items():
        for old, variable in zip(before[name], variables, strict=True):
            assert np.array_equal(old, variable) == (name != moving), variable.path
    moves = np.concatenate(
        [np.ravel(a - np.array(b)) for a, b in zip(before[moving], trained[moving], strict=True)]
    )
    slopes = np.concatenate([np.ravel(slope) for slope in slopes])
    assert np.linalg.norm(moves - slopes) < 1e-3 * np.linalg.norm(slopes)


def test_losses_are_those_of_the_step(gan):
    # with both optimizers at rest and the latent drawn again, the logs can be worked out
    pictures, category = batch()
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    state = gan.seed_generator.state.numpy()
    logs = gan.train_step((pictures, category))
    gan.seed_generator.state.assign(state)
    fakes = gan.generator([gan.sample_latents(6), category], training=True)
    real = np.array(gan.discriminator([pictures, category]))
    fake = np.array(gan.discriminator([fakes, category]))
    expected = sum((v - 1) ** 2 for v in real.ravel()) / 12 + sum(v**2 for v in fake.ravel()) / 12
    assert set(logs) == {"generator_loss", "discriminator_loss"}
    assert float(logs["discriminator_loss"]) == pytest.approx(expected, rel=1e-4)
    assert float(logs["generator_loss"]) == pytest.approx(
        sum((v - 1) ** 2 for v in fake.ravel()) / 12, rel=1e-4
    )


def test_evaluation_computes_both_losses_and_updates_no_weight(gan):
    pictures, category = batch()
    before = values(gan)
    state = gan.seed_generator.state.numpy()
    found = gan.evaluate(pictures, category, batch_size=4, verbose=0, return_dict=True)
    assert not any(moved(before, gan))
    assert [int(optimizer.iterations) for optimizer in gan.optimizers] == [0, 0]

    gan.seed_generator.state.assign(state)
    real = np.array(gan.discriminator([pictures, category]))
    fakes = [
        gan.generator([gan.sample_latents(len(rows)), rows], training=False)
        for rows in (category[:4], category[4:])  # The second batch counts half as much.
    ]
    fake = np.array(gan.discriminator([tf.concat(fakes, axis=0), category]))
    generator = np.mean((fake - 1) ** 2) / 2
    assert found == {
        "generator_loss": pytest.approx(generator, rel=1e-4),
        "discriminator_loss": pytest.approx(
            np.mean((real - 1) ** 2) / 2 + np.mean(fake**2) / 2, rel=1e-4
        ),
    }


def test_fit_takes_validation_data(gan):
    data = tf.data.Dataset.from_tensors(batch())
    history = gan.fit(data, validation_data=data, verbose=0).history
    names = {"generator_loss", "discriminator_loss"}
    assert set(history) == names | {f"val_{name}" for name in names}
    assert np.isfinite(list(history.values())).all()


def test_optimizers_by_name_and_the_settings_of_keras_are_saved(gan, tmp_path):
    gan.compile("adam", "sgd", run_eagerly=True, steps_per_execution=2)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    for each in (gan, loaded):
        assert isinstance(each.generator_optimizer, keras.optimizers.Adam)
        assert isinstance(each.discriminator_optimizer, keras.optimizers.SGD)
        assert each.run_eagerly and each.steps_per_execution == 2
        assert each.generator_loss_fn is None and each.discriminator_loss_fn is None


def test_compile_configs_without_losses_have_the_default_ones(gan):
    config = gan.get_compile_config()
    for name in ("generator_loss", "discriminator_loss", "run_eagerly", "steps_per_execution"):
        del config[name]
    gan.compile_from_config(config)
    assert gan.generator_loss_fn is None and gan.discriminator_loss_fn is None
    assert not gan.run_eagerly and gan.steps_per_execution == 1


def test_the_default_losses_as_keras_losses_train_alike(gan):
    before, state = gan.get_weights(), gan.seed_generator.state.numpy()
    expected = logs(gan)
    weights = values(gan)
    gan.set_weights(before)
    gan.seed_generator.state.assign(state)
    gan.compile(*adams(), LeastSquaresGeneratorLoss(), LeastSquaresDiscriminatorLoss())
    assert logs(gan) == pytest.approx(expected, rel=1e-5)
    for old, new in zip(weights, values(gan), strict=True):
        np.testing.assert_allclose(old, new, atol=1e-4)


@keras.saving.register_keras_serializable(package="tests")
class Recorded(keras.losses.Loss):
    """A loss with a parameter, which keeps what it is called with."""

    def __init__(self, factor, name="recorded", **kwargs):
        super().__init__(name=name, **kwargs)
        self.factor, self.calls = factor, []

    def call(self, y_true, y_pred):
        self.calls.append((np.array(y_true), np.array(y_pred)))
        return self.factor * tf.reduce_mean(y_pred, axis=-1)

    def get_config(self):
        return super().get_config() | {"factor": self.factor}


def test_custom_losses_train_and_are_saved(gan, tmp_path):
    pictures, category = batch()
    generator_loss, discriminator_loss = Recorded(-2.0), Recorded(3.0)
    optimizers = [keras.optimizers.SGD(0.0) for _ in range(2)]
    gan.compile(
        *optimizers,
        generator_loss=generator_loss,
        discriminator_loss=discriminator_loss,
        run_eagerly=True,
    )
    found = gan.train_step((pictures, category))
    ((ones, fake),) = generator_loss.calls
    ((real, judged),) = discriminator_loss.calls
    np.testing.assert_array_equal(ones, np.ones((6, 1)))
    np.testing.assert_allclose(real, gan.discriminator([pictures, category]), rtol=1e-4)
    np.testing.assert_allclose(fake, judged, rtol=1e-4)
    assert float(found["generator_loss"]) == pytest.approx(-2 * fake.mean(), rel=1e-4)
    assert float(found["discriminator_loss"]) == pytest.approx(3 * fake.mean(), rel=1e-4)

    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert isinstance(loaded.generator_loss_fn, Recorded)
    assert loaded.generator_loss_fn.factor == -2
    assert loaded.discriminator_loss_fn.factor == 3


@pytest.mark.parametrize("name", ["generator_loss", "discriminator_loss"])
def test_losses_that_are_not_of_keras_are_refused(gan, name):
    with pytest.raises(ValueError, match="must be None or a keras.losses.Loss; received 'mse'"):
        gan.compile("adam", "adam", **{name: "mse"})


def test_ema_generator_is_the_running_average_of_the_trained_one(gan):
    average = values(gan.ema_generator)
    rng = np.random.default_rng(0)
    for step in (1, 2, 60, 100_000):
        if step == 1:
            gan.train_step(batch())
        else:
            gan.generator_optimizer.iterations.assign(step)
            weights = values(gan.generator)
            gan.generator.set_weights([w + rng.normal(size=w.shape) for w in weights])
            gan.average_weights()
        # it looks back over a 25th of the steps so far, until `average_decay` holds
        kept = min(step / (step + 25), 0.998)
        new = values(gan.generator)
        average = [kept * a + (1 - kept) * b for a, b in zip(average, new, strict=True)]
        for expected, value in zip(average, values(gan.ema_generator), strict=True):
            np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6)


def test_a_verdict_does_not_depend_on_the_batch(gan):
    pictures, category = batch()
    together = gan.discriminator([pictures, category])
    alone = [gan.discriminator([pictures[i : i + 1], category[i : i + 1]])[0] for i in range(6)]
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)


def test_category_changes_picture_and_verdict(gan):
    pictures, category = batch()
    gan.train_step((pictures, category))
    latents = gan.sample_latents(6)
    other = (category + 1) % 3
    assert (
        float(
            tf.reduce_max(
                tf.abs(gan.ema_generator([latents, category]) - gan.ema_generator([latents, other]))
            )
        )
        > 1e-3
    )
    assert (
        float(
            tf.reduce_min(
                tf.abs(
                    gan.discriminator([pictures, category]) - gan.discriminator([pictures, other])
                )
            )
        )
        > 0
    )


def test_gradient_with_respect_to_the_code(gan):
    # design climbs the verdict over z: the gradient is the slope
    category = tf.constant([1], tf.int32)
    latent = tf.Variable(gan.sample_latents(1))

    def verdict(z):
        return gan.discriminator([gan.ema_generator([z, category]), category])[0, 0]

    with tf.GradientTape() as tape:
        slope = verdict(latent)
    slope = tape.gradient(slope, latent)
    direction = slope / tf.norm(slope)
    step = 1e-2
    rise = (verdict(latent + step * direction) - verdict(latent - step * direction)) / (2 * step)
    assert float(tf.norm(slope)) > 0
    assert float(rise) == pytest.approx(float(tf.norm(slope)), rel=0.05)


def test_keras_file_round_trip(gan, tmp_path):
    gan.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.SGD(1e-2))
    logs(gan)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    pictures, category = batch()
    latents = gan.sample_latents(6)
    for before, after in (
        (gan.ema_generator([latents, category]), loaded.ema_generator([latents, category])),
        (gan.generator([latents, category]), loaded.generator([latents, category])),
        (gan.discriminator([pictures, category]), loaded.discriminator([pictures, category])),
    ):
        np.testing.assert_array_equal(before, after)
    assert isinstance(loaded.discriminator_optimizer, keras.optimizers.SGD)
    assert float(loaded.generator_optimizer.learning_rate) == pytest.approx(1e-3)
    assert int(loaded.generator_optimizer.iterations) == 1
    # on the same latents, training goes on from where it stopped
    loaded.seed_generator.state.assign(gan.seed_generator.state)
    for _ in range(2):
        assert logs(loaded) == pytest.approx(logs(gan), rel=1e-4)


def test_same_seed_same_losses(gan):
    def losses(seed):
        gan = made(3, (16, 32), seed=seed)
        gan.compile(*adams())
        return logs(gan) + logs(gan)

    first = logs(gan) + logs(gan)
    assert first == pytest.approx(losses(1), rel=1e-5)
    for ours, other in zip(first, losses(2), strict=True):
        assert ours != pytest.approx(other, rel=1e-3)


def in_policy(policy, **options):
    """A small GAN whose networks are made under a dtype policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        return ConditionalGAN(
            Generator(3, (16, 32), 5, 4, 1), Discriminator(3, (16, 32), 4, 1), **options
        )
    finally:
        keras.config.set_dtype_policy(before)


def convolution_dtypes(gan):
    networks = (gan.generator, gan.ema_generator, gan.discriminator)
    return {
        layer.compute_dtype
        for network in networks
        for layer in network.layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Conv2DTranspose)
    }


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_the_dtype_policy_is_that_of_the_networks_and_is_kept(policy, tmp_path):
    gan = in_policy(policy)
    gan.compile(*adams())
    assert gan.get_config()["dtype"] == policy
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    computed = {"float32"} if policy == "float32" else {policy.removeprefix("mixed_")}
    assert convolution_dtypes(gan) == convolution_dtypes(loaded) == computed
    scaled = policy == "mixed_float16"
    for optimizer in [*gan.optimizers, *loaded.optimizers]:
        assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer) == scaled
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    ("mixed_precision", "policy"), [(True, "mixed_bfloat16"), (False, "float32")]
)
def test_configs_of_version_0_1_have_a_boolean(gan, mixed_precision, policy):
    config = gan.get_config()
    del config["dtype"]
    loaded = ConditionalGAN.from_config(config | {"mixed_precision": mixed_precision})
    assert loaded.dtype_policy.name == policy
    assert loaded.get_config()["dtype"] == policy


def test_networks_of_different_policies_are_refused(gan):
    with pytest.raises(ValueError, match="received mixed_float16 and float32"):
        ConditionalGAN(in_policy("mixed_float16").generator, gan.discriminator)


def test_float16_gradients_are_those_of_float32(gan):
    """The losses are scaled, the steps are not."""
    half = in_policy("mixed_float16", seed=1)
    half.set_weights(gan.get_weights())
    for network in (half, gan):
        network.compile(*(keras.optimizers.SGD(1.0) for _ in range(2)))
        network.seed_generator.state.assign(gan.seed_generator.state)
    start = values(gan.generator), values(gan.discriminator)
    state = gan.seed_generator.state.numpy()
    moves = []
    for network in (gan, half):
        network.seed_generator.state.assign(state)
        logs = network.train_step(batch())
        assert np.isfinite([float(loss) for loss in logs.values()]).all()
        after = values(network.generator), values(network.discriminator)
        moves.append(
            [
                np.concatenate([np.ravel(a - b) for a, b in zip(old, new, strict=True)])
                for old, new in zip(start, after, strict=True)
            ]
        )
    for exact, found in zip(*moves, strict=True):
        assert np.linalg.norm(found - exact) < 0.05 * np.linalg.norm(exact)
    for optimizer in half.optimizers:
        assert float(optimizer.dynamic_scale) == 2**15
        assert int(optimizer.iterations) == 1


def test_a_step_that_overflows_float16_is_skipped_and_halves_the_scale():
    half = in_policy("mixed_float16", gradient_penalty=1.0)
    half.compile(
        *(keras.optimizers.LossScaleOptimizer(each, initial_scale=2.0**40) for each in adams())
    )
    before = values(half.generator)
    half.train_step(batch())
    assert [float(optimizer.dynamic_scale) for optimizer in half.optimizers] == [2.0**39] * 2
    for old, variable in zip(before, half.generator.weights, strict=True):
        assert np.array_equal(old, variable) == variable.trainable, variable.path
    for optimizer in half.optimizers:
        optimizer.dynamic_scale.assign(2.0**10)
    half.train_step(batch())
    assert [int(optimizer.iterations) for optimizer in half.optimizers] == [1, 1]
    assert all(np.isfinite(value).all() for value in values(half))


def test_a_gan_that_was_not_compiled_is_saved(tmp_path):
    gan = made(2, (16, 16), width=2)
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    assert not again.compiled
    latents = np.zeros((1, gan.latent_dim), np.float32)
    np.testing.assert_array_equal(again.draw(latents, np.zeros(1)), gan.draw(latents, np.zeros(1)))
