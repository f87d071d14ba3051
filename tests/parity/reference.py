"""Runs pieces of tensorflow-addons on TensorFlow 2.15 and writes what went in and came out.

Run by `make parity` in an environment of its own, for the two TensorFlows cannot share one:
    python tests/parity/reference.py OUT.npz
Arrays are named piece/array; steps are the first axis.
"""

import math
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")

import tensorflow as tf  # noqa: E402
import tensorflow_addons as tfa  # noqa: E402

STEPS = 40
rng = np.random.default_rng(0)


def random(*shape):
    return rng.normal(size=shape).astype(np.float32)


def lazy_adam():
    """A table with rows that repeat and rows at rest, beside a dense variable, by a schedule."""
    start, dense_start = random(200, 8), random(8)
    # Few of many: some rows come several times, some in late steps alone, some never.
    rows = rng.zipf(1.3, size=(STEPS, 16)) % 200
    parts, dense = random(STEPS, 16, 8), random(STEPS, 8)
    table, bias = tf.Variable(start), tf.Variable(dense_start)
    schedule = tf.keras.optimizers.schedules.ExponentialDecay(0.05, 10, 0.5)
    optimizer = tfa.optimizers.LazyAdam(schedule)
    tables, biases = [], []
    for step in range(STEPS):
        gradient = tf.IndexedSlices(parts[step], rows[step], (200, 8))
        optimizer.apply_gradients([(gradient, table), (dense[step], bias)])
        tables.append(table.numpy())
        biases.append(bias.numpy())
    return {
        "start": start,
        "dense_start": dense_start,
        "rows": rows,
        "parts": parts,
        "dense": dense,
        "tables": tables,
        "biases": biases,
        "m": optimizer.get_slot(table, "m").numpy(),
        "v": optimizer.get_slot(table, "v").numpy(),
    }


def spectral_normalization(layer, inputs, iterations):
    """Three calls in training, each of which divides the kernel, and one outside."""
    wrapped = tfa.layers.SpectralNormalization(layer, power_iterations=iterations)
    wrapped.build(inputs.shape)
    kernel, u = random(*wrapped.w.shape), random(*wrapped.u.shape)
    wrapped.w.assign(kernel)
    wrapped.u.assign(u)
    outputs = [wrapped(inputs, training=training).numpy() for training in (1, 1, 1, 0)]
    return {
        "inputs": inputs,
        "kernel": kernel,
        "u": u,
        "outputs": outputs,
        "last_kernel": wrapped.w.numpy(),
        "last_u": wrapped.u.numpy(),
    }


def instance_normalization():
    inputs, gamma, beta = 3 + 2 * random(4, 6, 5, 8), random(8), random(8)
    layer = tfa.layers.InstanceNormalization()
    layer.build(inputs.shape)
    layer.set_weights([gamma, beta])
    return {"inputs": inputs, "gamma": gamma, "beta": beta, "outputs": layer(inputs).numpy()}


def moving_average(**options):
    start, gradients = random(5, 3), random(STEPS, 5, 3)
    variable = tf.Variable(start)
    # Not under LazyAdam: it averages whole variables.
    optimizer = tfa.optimizers.MovingAverage(
        tf.keras.optimizers.legacy.SGD(0.1), average_decay=0.9, **options
    )
    averages = []
    for gradient in gradients:
        optimizer.apply_gradients([(gradient, variable)])
        averages.append(optimizer.get_slot(variable, "average").numpy())
    return {"start": start, "gradients": gradients, "averages": averages}


def pictures(move, interpolation):
    inputs = random(3, 17, 24, 3)
    return {"inputs": inputs, "outputs": move(inputs, interpolation).numpy()}


def rotated(inputs, interpolation):
    return tfa.image.rotate(inputs, math.radians(20), interpolation=interpolation)


def shifted(inputs, interpolation):
    # Across, then down.
    return tfa.image.translate(inputs, [2.5, -1.5], interpolation=interpolation)


layers = tf.keras.layers
pieces = {
    "lazy_adam": lazy_adam(),
    "spectral_conv": spectral_normalization(layers.Conv2D(6, 3), random(2, 8, 8, 3), 1),
    "spectral_transposed": spectral_normalization(
        layers.Conv2DTranspose(6, 4, 2, padding="same"), random(2, 4, 4, 5), 2
    ),
    "spectral_dense": spectral_normalization(layers.Dense(7), random(4, 9), 1),
    "instance_normalization": instance_normalization(),
    "moving_average": moving_average(),
    "moving_average_from_step_1": moving_average(start_step=1),
    "rotate_bilinear": pictures(rotated, "bilinear"),
    "rotate_nearest": pictures(rotated, "nearest"),
    "translate_bilinear": pictures(shifted, "bilinear"),
}
np.savez(
    sys.argv[1],
    versions=f"tensorflow-addons {tfa.__version__} on TensorFlow {tf.__version__}",
    **{
        f"{piece}/{name}": array
        for piece, arrays in pieces.items()
        for name, array in arrays.items()
    },
)
