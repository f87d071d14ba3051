import numpy as np
import pytest

from keras_fashion.models import WARP

# User 1 stands twice and has bought item 5; 6 is drawn twice.
BATCH = {
    "user": np.array([1, 0, 1, 2], np.int32),
    "positive": np.array([2, 0, 3, 2], np.int32),
    "negative": np.array([5, 6, 4, 6], np.int32),
    "mask": np.array([[0, 1, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1], [1, 1, 1, 1]], np.float32),
}


@pytest.mark.parametrize("seed", range(3))
def test_loss_and_gradients(assert_loss_and_gradients, seed):
    model = WARP(3, 7, latent_size=2, regularization=0.3)
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape))

    def loss(weights):
        gamma_user, gamma_item, beta = weights
        ranking, squares = 0.0, 0.0
        for row, (u, i) in enumerate(zip(BATCH["user"], BATCH["positive"], strict=True)):
            drawn = BATCH["negative"][BATCH["mask"][row] == 1]
            margins = [
                1
                - (beta[i] + gamma_user[u] @ gamma_item[i])
                + (beta[j] + gamma_user[u] @ gamma_item[j])
                for j in drawn
            ]
            for draws, margin in enumerate(margins, start=1):
                if margin > 0:
                    ranking += sum(1 / k for k in range(1, 6 // draws + 1)) * margin
                    break
            squares += gamma_user[u] @ gamma_user[u]
        for i in [*BATCH["positive"], *BATCH["negative"]]:
            squares += gamma_item[i] @ gamma_item[i] + beta[i] ** 2
        return ranking / 4 + 0.3 / 4 * 0.5 * squares

    assert_loss_and_gradients(model, BATCH, loss)
