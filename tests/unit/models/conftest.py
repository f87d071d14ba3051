"""The gradient of BPR by finite differences of a loss written out in NumPy."""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

Loss = Callable[[list[np.ndarray]], float]


def numerical_gradients(loss: Loss, weights: list[np.ndarray]) -> list[np.ndarray]:
    """Central differences, in float64, of every entry."""
    weights = [np.array(weight, np.float64) for weight in weights]
    gradients = [np.zeros_like(weight) for weight in weights]
    for weight, gradient in zip(weights, gradients, strict=True):
        for at in np.ndindex(weight.shape):
            kept = weight[at]
            values = []
            for step in (1e-5, -1e-5):
                weight[at] = kept + step
                values.append(loss(weights))
            weight[at] = kept
            gradient[at] = (values[0] - values[1]) / 2e-5
    return gradients


@pytest.fixture(name="numerical_gradients")
def numerical_gradients_fixture():
    return numerical_gradients


@pytest.fixture
def assert_loss_and_gradients():
    """Compares `batch_loss` and its gradients with a NumPy loss of the trainable weights."""

    def check(model, batch: dict[str, np.ndarray], loss: Loss) -> None:
        batch = {name: tf.constant(value) for name, value in batch.items()}
        variables = model.trainable_variables
        with tf.GradientTape() as tape:
            ours = model.batch_loss(batch, training=True)
        gradients = [tf.convert_to_tensor(g) for g in tape.gradient(ours, variables)]

        weights = [np.array(v) for v in variables]
        assert float(ours) == pytest.approx(loss(weights), rel=1e-5)
        for variable, mine, expected in zip(
            variables, gradients, numerical_gradients(loss, weights), strict=True
        ):
            np.testing.assert_allclose(mine, expected, atol=2e-5, err_msg=variable.name)

    return check


@pytest.fixture
def adam_steps():
    """Weights after steps of Adam (Kingma & Ba, 2015, algorithm 1) on a NumPy loss."""

    def run(loss: Loss, weights: list[np.ndarray], rate: float, steps: int) -> list[np.ndarray]:
        weights = [weight.astype(np.float64) for weight in weights]
        first = [np.zeros_like(weight) for weight in weights]
        second = [np.zeros_like(weight) for weight in weights]
        for t in range(1, steps + 1):
            for i, gradient in enumerate(numerical_gradients(loss, weights)):
                first[i] = 0.9 * first[i] + 0.1 * gradient
                second[i] = 0.999 * second[i] + 0.001 * gradient**2
                unbiased = first[i] / (1 - 0.9**t), second[i] / (1 - 0.999**t)
                weights[i] = weights[i] - rate * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-7)
        return weights

    return run
