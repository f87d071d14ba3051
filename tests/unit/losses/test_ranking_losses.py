import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.losses.ranking import bpr_loss, logistic_loss, warp_loss

RNG = np.random.default_rng(0)
POSITIVE = RNG.normal(size=(6, 1))
NEGATIVE = RNG.normal(size=(6, 5)) - 0.8
COUNTED = (RNG.random((6, 5)) < 0.7).astype(float)
COUNTED[3] = 0  # bought all that was drawn
ITEMS = 40


def bpr(positive, negative, mask):
    terms = [
        np.log1p(np.exp(x_uj - x_ui))
        for (x_ui,), row, counts in zip(positive, negative, mask, strict=True)
        for x_uj, counts_one in zip(row, counts, strict=True)
        if counts_one
    ]
    return np.mean(terms)


def logistic(positive, negative, mask):
    bought = [-np.log(1 / (1 + np.exp(-x_ui))) for (x_ui,) in positive]
    others = [-np.log(1 - 1 / (1 + np.exp(-x_uj))) for x_uj in negative[mask == 1]]
    return np.mean(bought) + np.mean(others)


def warp(positive, negative, mask):
    """The paper's algorithm 1, to the letter: draw until one violates the margin."""
    total = 0.0
    for (x_ui,), row, counts in zip(positive, negative, mask, strict=True):
        draws = 0
        for x_uj, counts_one in zip(row, counts, strict=True):
            if not counts_one:
                continue
            draws += 1
            if x_uj > x_ui - 1:
                rank = (ITEMS - 1) // draws
                total += sum(1 / k for k in range(1, rank + 1)) * (1 - x_ui + x_uj)
                break
    return total / len(positive)


def warp_of_40_items(positive, negative, mask):
    return warp_loss(positive, negative, mask, ITEMS)


@pytest.mark.parametrize(
    ("ours", "by_loop"),
    [(bpr_loss, bpr), (logistic_loss, logistic), (warp_of_40_items, warp)],
)
def test_loss_and_gradients(ours, by_loop):
    scores = [tf.constant(each, tf.float32) for each in (POSITIVE, NEGATIVE)]
    with tf.GradientTape() as tape:
        tape.watch(scores)
        loss = ours(*scores, tf.constant(COUNTED, tf.float32))
    assert float(loss) == pytest.approx(by_loop(POSITIVE, NEGATIVE, COUNTED), rel=1e-5)

    for which, gradient in enumerate(tape.gradient(loss, scores)):
        for at in np.ndindex(*gradient.shape):
            values = []
            for step in (1e-6, -1e-6):
                moved = [POSITIVE.copy(), NEGATIVE.copy()]
                moved[which][at] += step
                values.append(by_loop(*moved, COUNTED))
            expected = (values[0] - values[1]) / 2e-6
            assert float(gradient[at]) == pytest.approx(expected, abs=1e-5)


def test_warp_by_hand():
    # Of 13 items, the third was bought, so the fourth is the third draw: the first two keep the
    # margin, it does not. Rank 12 // 3 = 4, L = 1 + 1/2 + 1/3 + 1/4, hinge 1 - 2 + 1.5.
    negative = tf.constant([[0.5, -1.0, 9.0, 1.5, 8.0]])
    mask = tf.constant([[1.0, 1.0, 0.0, 1.0, 1.0]])
    loss = warp_loss(tf.constant([[2.0]]), negative, mask, 13)
    assert float(loss) == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) * 0.5)


def test_logistic_loss_by_hand():
    # Chances 3/4 for the positive; 1/4 and, of a thing bought, one that plays no part.
    scores = tf.math.log(tf.constant([[3.0]])), tf.math.log(tf.constant([[1 / 3, 5.0]]))
    loss = logistic_loss(*scores, tf.constant([[1.0, 0.0]]))
    assert float(loss) == pytest.approx(2 * np.log(4 / 3))


@pytest.mark.parametrize("loss", [bpr_loss, logistic_loss, warp_of_40_items])
def test_without_anything_to_compare_no_negative_is_learned_from(loss):
    negative = tf.constant([[1.0, 2.0]])
    with tf.GradientTape() as tape:
        tape.watch(negative)
        value = loss(tf.constant([[0.5]]), negative, tf.zeros([1, 2]))
    assert np.isfinite(value)
    assert not np.any(tape.gradient(value, negative))
