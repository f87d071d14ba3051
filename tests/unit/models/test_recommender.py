"""What every recommender shares: the scoring contract and the file."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_recommenders import (
    COUNTED,
    ITEMS,
    PICTURES,
    TRAIN,
    TRAINED,
    USERS,
    amr,
    assert_ranks_what_was_bought_above_the_rest,
    bprmf,
    deepstyle_with_history,
    dvbpr,
    talks_dvbpr,
    validation_losses,
    vbpr,
    vectors_of,
)

from keras_fashion.data import Split, triplets
from keras_fashion.losses import Logistic
from keras_fashion.metrics import RankingAUC
from keras_fashion.models import DVBPR, RandomScores, load
from keras_fashion.optimizers import LazyAdam

every_recommender = pytest.mark.parametrize("make", [*COUNTED, *TRAINED])


@every_recommender
def test_pairs_and_vectors_give_the_same_scores(make):
    model = make()
    vectors = vectors_of(model)
    model.adapt_users(vectors.items, TRAIN)
    user, item = (each.ravel() for each in np.indices((USERS, ITEMS)))
    pairs = {"user": tf.constant(user), "item": tf.constant(item)}
    if isinstance(model, DVBPR):
        pairs["picture"] = tf.constant(PICTURES[item] / 127.5 - 1, tf.float32)
    of_pairs = model(pairs).numpy().reshape(USERS, ITEMS)

    assert np.ptp(of_pairs) > 0.1
    assert (len(vectors.users), len(vectors.items), len(vectors.biases)) == (USERS, ITEMS, ITEMS)
    block = np.array([2, 0, 2])
    scores = vectors.scores(block)
    np.testing.assert_allclose(scores, of_pairs[block], rtol=1e-4, atol=1e-5)
    assert scores.dtype == np.float32


@every_recommender
def test_file_gives_the_same_recommender_back(make, tmp_path):
    model = make()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    for ours, theirs in zip(vectors_of(model), vectors_of(loaded), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    arguments = {
        name: value
        for name, value in model.get_config().items()
        if isinstance(value, int | float | str)
    }
    assert {name: loaded.get_config()[name] for name in arguments} == arguments
    assert {"num_users", "num_items"} < set(arguments)


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (bprmf, {"latent_size": 3, "regularization": 0.5}),
        (
            vbpr,
            {
                "feature_size": 4,
                "latent_size": 3,
                "embedding_size": 2,
                "regularization": 0.5,
                "embedding_regularization": 0.25,
            },
        ),
        (
            deepstyle_with_history,
            {
                "num_categories": 2,
                "feature_size": 4,
                "embedding_size": 3,
                "with_history": True,
                "regularization": 0.5,
                "embedding_regularization": 0.25,
            },
        ),
        (amr, {"latent_size": 3, "epsilon": 0.75, "adversarial_weight": 2.0}),
        (dvbpr, {"regularization": 0.5, "encoder_regularization": 0.25}),
        (talks_dvbpr, {"latent_size": 2, "bias": True, "with_history": True}),
    ],
)
def test_config_is_the_constructor(make, options):
    model = make()
    assert options.items() <= model.get_config().items()
    assert options.items() <= type(model).from_config(model.get_config()).get_config().items()


def test_random_scores_are_fixed_by_their_seed():
    def scores(seed):
        return RandomScores(40, 50, seed).scoring_vectors().scores(np.arange(40))

    np.testing.assert_array_equal(scores(1), scores(1))
    assert abs(np.corrcoef(scores(1).ravel(), scores(2).ravel())[0, 1]) < 0.1


@pytest.mark.parametrize("make", TRAINED)
def test_validation_loss_is_that_of_the_batch(make):
    history, expected = validation_losses(make(), run_eagerly=True)
    # Of the weights after the epoch, with nothing dropped out or counted in.
    assert history["val_loss"] == [pytest.approx(expected, rel=1e-5)]
    assert history["loss"][0] != pytest.approx(expected, rel=1e-3)


# Not those with a history: it leaves out an item while that is trained on, and not here.
@pytest.mark.parametrize(("make", "negatives"), [(bprmf, 0), (dvbpr, 4)])
def test_training_ranks_what_was_bought_above_the_rest(make, negatives):
    assert_ranks_what_was_bought_above_the_rest(make(), negatives)


def compiled_and_trained():
    model = bprmf()
    model.compile(LazyAdam(0.01), loss=Logistic(), metrics=[RankingAUC()])
    split = Split(USERS, ITEMS, TRAIN, TRAIN[:0], TRAIN[:0])
    batches = triplets(split, 4, seed=0)
    return model, batches, model.fit(batches, steps_per_epoch=3, verbose=0).history


def test_metrics_of_compile_are_those_of_the_batches():
    model, batches, history = compiled_and_trained()
    assert set(history) == {"loss", "ranking_auc"} and 0 <= history["ranking_auc"][0] <= 1
    measured = model.evaluate(batches.take(2), verbose=0, return_dict=True)
    won = [
        (scores[:, 0] > scores[:, 1]).mean()
        for scores in (np.asarray(model.score_batch(each).scores) for each in batches.take(2))
    ]
    assert measured["ranking_auc"] == pytest.approx(np.mean(won))


def test_a_file_keeps_loss_metrics_and_optimizer(tmp_path, recwarn):
    model, batches, _ = compiled_and_trained()
    model.save(tmp_path / "model.keras")
    again = load(tmp_path / "model.keras")
    assert not [each for each in recwarn if "compile" in str(each.message)]
    assert isinstance(again.ranking_loss, Logistic) and len(again.ranking_metrics) == 1
    assert int(again.optimizer.iterations) == 3
    for each in (model, again):
        each.fit(batches, steps_per_epoch=2, verbose=0)
    for ours, theirs in zip(model.weights, again.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_a_loss_that_is_none_is_refused():
    with pytest.raises(ValueError, match="BPR.*'bpr'"):
        bprmf().compile("adam", loss="bpr")
