"""The ranking losses against the papers' loops, keras-rs, and by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.losses import BPR, WARP, Logistic, SampledSoftmax, ranking_loss

RNG = np.random.default_rng(0)
POSITIVE = RNG.normal(size=(6, 1))
NEGATIVE = RNG.normal(size=(6, 5)) - 0.8
MASK = (RNG.random((6, 5)) < 0.7).astype(float)
MASK[3] = 0  # This user bought all that was drawn.
ITEMS = 40


def labels(mask):
    """1 for the positive, 0 for a negative, -1 for what does not count."""
    return np.concatenate([np.ones((len(mask), 1)), np.asarray(mask) - 1], axis=1)


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


def softmax(positive, negative, mask):
    terms = []
    for (x_ui,), row, counts in zip(positive, negative, mask, strict=True):
        weights = [np.exp(x_ui), *(np.exp(x) for x, one in zip(row, counts, strict=True) if one)]
        terms.append(-np.log(weights[0] / sum(weights)))
    return np.mean(terms)


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


LOSSES = [BPR(), Logistic(), SampledSoftmax(), WARP(ITEMS)]


@pytest.mark.parametrize(
    ("loss", "by_loop"), zip(LOSSES, [bpr, logistic, softmax, warp], strict=True)
)
def test_loss_and_gradients(loss, by_loop):
    scores = tf.constant(np.concatenate([POSITIVE, NEGATIVE], axis=1), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        value = loss(labels(MASK), scores)
    assert float(value) == pytest.approx(by_loop(POSITIVE, NEGATIVE, MASK), rel=1e-5)

    gradient = tape.gradient(value, scores)
    for row, column in np.ndindex(*gradient.shape):
        values = []
        for step in (1e-6, -1e-6):
            moved = np.concatenate([POSITIVE, NEGATIVE], axis=1)
            moved[row, column] += step
            values.append(by_loop(moved[:, :1], moved[:, 1:], MASK))
        expected = (values[0] - values[1]) / 2e-6
        assert float(gradient[row, column]) == pytest.approx(expected, abs=1e-5)


def test_bpr_is_the_pairwise_logistic_loss_of_keras_rs():
    # keras-rs sums the comparisons of a row; a mean over rows and comparisons is ours.
    losses = pytest.importorskip("keras_rs.losses")
    scores = np.concatenate([POSITIVE, NEGATIVE], axis=1).astype(np.float32)
    everything = np.ones((6, 5))
    theirs = losses.PairwiseLogisticLoss()(
        np.concatenate([np.ones((6, 1)), np.zeros((6, 5))], axis=1).astype(np.float32), scores
    )
    ours = BPR()(labels(everything), scores)
    # The mean over a list of 1 + 5 items, of which one has 5 comparisons.
    assert float(ours) == pytest.approx(float(theirs) * 6 / 5, rel=1e-5)


def test_softmax_is_the_cross_entropy_of_keras_over_what_counts():
    scores = np.concatenate([POSITIVE, NEGATIVE], axis=1).astype(np.float32)
    counts = np.concatenate([np.ones((6, 1)), MASK], axis=1)
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(
        np.zeros(6), np.where(counts == 1, scores, -1e9)
    )
    assert float(SampledSoftmax()(labels(MASK), scores)) == pytest.approx(float(theirs), rel=1e-6)


def test_softmax_of_one_negative_is_bpr():
    scores = np.concatenate([POSITIVE, NEGATIVE[:, :1]], axis=1).astype(np.float32)
    one = labels(np.ones((6, 1)))
    assert float(SampledSoftmax()(one, scores)) == pytest.approx(float(BPR()(one, scores)))


def test_softmax_in_half_precision():
    scores = tf.constant([[1.0, 0.0, 9.0]], tf.float16)
    value = SampledSoftmax()(np.array([[1, 0, -1]]), scores)
    assert float(value) == pytest.approx(np.log1p(np.exp(-1)), rel=1e-2)


def test_a_loss_by_its_name():
    names = {"bpr": BPR, "logistic": Logistic, "softmax": SampledSoftmax, "warp": WARP}
    for name, expected in names.items():
        assert type(ranking_loss(name, num_items=7)) is expected
    assert ranking_loss("warp", num_items=7).num_items == 7


def test_warp_by_hand():
    # Of 13 items, the third was bought, so the fourth is the third draw: the first two keep the
    # margin, it does not. Rank 12 // 3 = 4, L = 1 + 1/2 + 1/3 + 1/4, hinge 1 - 2 + 1.5.
    scores = tf.constant([[2.0, 0.5, -1.0, 9.0, 1.5, 8.0]])
    loss = WARP(13)(np.array([[1, 0, 0, -1, 0, 0]]), scores)
    assert float(loss) == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) * 0.5)


def test_logistic_loss_by_hand():
    # Probabilities: 3/4 for the positive, 1/4 for the negative; the last item was bought.
    scores = tf.math.log(tf.constant([[3.0, 1 / 3, 5.0]]))
    assert float(Logistic()(np.array([[1, 0, -1]]), scores)) == pytest.approx(2 * np.log(4 / 3))


@pytest.mark.parametrize("loss", LOSSES)
def test_without_anything_to_compare_no_negative_is_learned_from(loss):
    scores = tf.constant([[0.5, 1.0, 2.0]])
    with tf.GradientTape() as tape:
        tape.watch(scores)
        value = loss(np.array([[1, -1, -1]]), scores)
    assert np.isfinite(value)
    assert not np.any(tape.gradient(value, scores)[:, 1:])


@pytest.mark.parametrize("loss", [*LOSSES, SampledSoftmax(name="x")])
def test_a_loss_is_serialized(loss):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(again) is type(loss) and again.get_config() == loss.get_config()


def test_the_positive_is_found_by_its_label():
    scores = np.array([[5.0, 0.0, 1.0]], np.float32)
    first, last = BPR()(np.array([[1, 0, -1]]), scores), BPR()(np.array([[0, 1, -1]]), scores)
    assert float(first) == pytest.approx(np.log1p(np.exp(-5)), rel=1e-4)
    assert float(last) == pytest.approx(np.log1p(np.exp(5)), rel=1e-4)


def test_weights_of_rows_are_refused():
    with pytest.raises(ValueError, match="no sample_weight"):
        BPR()(np.array([[1, 0]]), np.array([[1.0, 0.0]]), sample_weight=np.array([0.5]))
