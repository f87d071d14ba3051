"""What succeeds tensorflow-addons here, against tensorflow-addons, number for number.

`make parity` runs reference.py in an environment of its own, then this on its outcome.
"""

import os
from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.optimizers import LazyAdam

REFERENCE = os.environ.get("KERAS_FASHION_PARITY")
pytestmark = pytest.mark.skipif(
    REFERENCE is None, reason="make parity runs it: it needs an environment with TensorFlow 2.15"
)


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    return dict(np.load(REFERENCE))


@pytest.fixture(scope="module")
def differ(reference) -> Iterator:
    """Asserts that a piece's outcome equals the reference; prints all differences at the end."""
    table = []

    def assert_equal(piece: str, successor: str, tolerance: float, **arrays) -> None:
        differences = [
            np.abs(np.asarray(ours) - reference[f"{piece}/{name}"]).max()
            for name, ours in arrays.items()
        ]
        table.append((piece, successor, max(differences)))
        assert max(differences) <= tolerance

    yield assert_equal
    print(
        f"\n\n{reference['versions']}; here TensorFlow {tf.__version__}, Keras {keras.__version__}"
    )
    print(f"{'piece':<28}{'successor':<48}largest difference")
    for piece, successor, difference in table:
        print(f"{piece:<28}{successor:<48}{difference:.1e}")


@pytest.fixture
def given(reference, request) -> dict[str, np.ndarray]:
    """The arrays of the test's piece."""
    start = request.param + "/"
    return {
        name.removeprefix(start): array
        for name, array in reference.items()
        if name.startswith(start)
    } | {"piece": request.param}


def piece(*names: str):
    return pytest.mark.parametrize("given", names, indirect=True)


@piece("lazy_adam")
def test_lazy_adam(given, differ):
    table = keras.Variable(given["start"])
    bias = keras.Variable(given["dense_start"])
    schedule = keras.optimizers.schedules.ExponentialDecay(0.05, 10, 0.5)
    optimizer = LazyAdam(schedule)
    optimizer.build([table, bias])

    @tf.function
    def step(parts, rows, dense) -> None:
        optimizer.apply([tf.IndexedSlices(parts, rows, table.shape), dense], [table, bias])

    tables, biases = [], []
    for batch in zip(given["parts"], given["rows"], given["dense"], strict=True):
        step(*batch)
        tables.append(table.numpy())
        biases.append(bias.numpy())
    state = {variable.path.split("/")[-1]: variable.numpy() for variable in optimizer.variables}
    m, v = (state[f"{table.path}_{moment}"] for moment in ("momentum", "velocity"))
    differ("lazy_adam", "keras_fashion LazyAdam", 5e-6, tables=tables, biases=biases, m=m, v=v)


@piece("spectral_conv", "spectral_transposed", "spectral_dense")
def test_spectral_normalization(given, differ):
    layer, iterations = {
        "spectral_conv": (keras.layers.Conv2D(6, 3), 1),
        "spectral_transposed": (keras.layers.Conv2DTranspose(6, 4, 2, padding="same"), 2),
        "spectral_dense": (keras.layers.Dense(7), 1),
    }[given["piece"]]
    wrapped = keras.layers.SpectralNormalization(layer, power_iterations=iterations)
    wrapped.build(given["inputs"].shape)
    layer.kernel.assign(given["kernel"])
    wrapped.vector_u.assign(given["u"])
    differ(
        given["piece"],
        "keras.layers.SpectralNormalization",
        5e-6,
        outputs=[wrapped(given["inputs"], training=training) for training in (1, 1, 1, 0)],
        last_kernel=layer.kernel,
        last_u=wrapped.vector_u,
    )


@piece("instance_normalization")
def test_instance_normalization(given, differ):
    layer = keras.layers.GroupNormalization(groups=-1)
    layer.build(given["inputs"].shape)
    layer.set_weights([given["gamma"], given["beta"]])
    outputs = layer(given["inputs"])
    differ(given["piece"], "keras.layers.GroupNormalization(groups=-1)", 1e-5, outputs=outputs)


@piece("moving_average_from_step_1")
def test_moving_average_of_an_optimizer(given, differ):
    variable = keras.Variable(given["start"])
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)
    averages = []
    for gradient in given["gradients"]:
        optimizer.apply([tf.constant(gradient)], [variable])
        averages += [each.numpy() for each in optimizer.variables if "average" in each.path]
    differ(given["piece"], "keras.optimizers.SGD(use_ema=True)", 5e-6, averages=averages)


@piece("moving_average")
def test_moving_average_from_the_start(given, differ):
    variable = tf.Variable(given["start"])
    average = tf.train.ExponentialMovingAverage(0.9)
    averages = []
    for number, gradient in enumerate(given["gradients"]):
        if number == 0:
            average.apply([variable])
        variable.assign_sub(0.1 * gradient)
        average.apply([variable])
        averages.append(average.average(variable).numpy())
    differ(given["piece"], "tf.train.ExponentialMovingAverage", 5e-6, averages=averages)


@piece("rotate_bilinear", "rotate_nearest")
def test_rotation(given, differ):
    # A range of one angle, as a share of the whole turn.
    layer = keras.layers.RandomRotation(
        (20 / 360, 20 / 360),
        fill_mode="constant",
        interpolation=given["piece"].removeprefix("rotate_"),
    )
    outputs = layer(given["inputs"], training=True)
    differ(given["piece"], "keras.layers.RandomRotation", 1e-4, outputs=outputs)


@piece("translate_bilinear")
def test_translation(given, differ):
    _, height, width, _ = given["inputs"].shape
    down, across = -1.5 / height, 2.5 / width
    layer = keras.layers.RandomTranslation(
        (down, down), (across, across), fill_mode="constant", interpolation="bilinear"
    )
    outputs = layer(given["inputs"], training=True)
    differ(given["piece"], "keras.layers.RandomTranslation", 1e-4, outputs=outputs)
