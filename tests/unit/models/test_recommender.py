"""What every recommender shares: the scoring contract and the file."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.catalogue.pipelines import picture_batches, triplets
from keras_fashion.catalogue.split import Split
from keras_fashion.models import (
    BPRMF,
    DVBPR,
    FM,
    VBPR,
    WARP,
    BiasedMF,
    CategoryFrequency,
    CategoryPopularity,
    CompactEncoder,
    PopRank,
    RandomScores,
    VisRank,
)
from keras_fashion.optimizers import LazyAdam

USERS, ITEMS = 3, 5
RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (ITEMS, 16, 16, 3), np.uint8)
FEATURES = RNG.normal(size=(ITEMS, 4))
COLUMNS = np.array([(0, 2), (1, 3), (1, 2), (0, 4), (1, 4)])
TRAIN = np.array([(0, 0), (0, 1), (1, 1), (2, 3), (2, 4)], np.int32)


def poprank():
    model = PopRank(USERS, ITEMS)
    model.adapt(np.arange(ITEMS))
    return model


def visrank():
    model = VisRank(USERS, ITEMS, 4)
    model.adapt(FEATURES, TRAIN)
    return model


def category_popularity():
    model = CategoryPopularity(USERS, ITEMS)
    model.adapt(np.arange(ITEMS), COLUMNS[:, 0])
    return model


def category_frequency():
    model = CategoryFrequency(USERS, ITEMS, 2, 5)
    model.adapt(COLUMNS, TRAIN)
    return model


def biased_mf():
    return scrambled(BiasedMF(USERS, ITEMS, latent_size=3, regularisation=0.5))


def warp():
    return scrambled(WARP(USERS, ITEMS, latent_size=3, regularisation=0.5))


def fm():
    model = scrambled(FM(USERS, ITEMS, 2, 5, latent_size=3, regularisation=0.5))
    model.adapt(COLUMNS)
    return model


def bprmf():
    return scrambled(BPRMF(USERS, ITEMS, latent_size=3, regularisation=0.5))


def vbpr():
    sizes = {"style_size": 2, "latent_size": 3}
    model = VBPR(USERS, ITEMS, 4, **sizes, regularisation=0.5, embedding_regularisation=0.25)
    model.adapt(FEATURES)
    return scrambled(model)


def vbpr_with_history():
    model = VBPR(USERS, ITEMS, 4, style_size=2, latent_size=3, with_history=True)
    model.adapt(FEATURES)
    return scrambled(model)


def dvbpr(**terms):
    encoder = CompactEncoder(4, (16, 16), 2, 0.1)
    penalties = {"regularisation": 0.5, "encoder_regularisation": 0.25}
    return scrambled(DVBPR(USERS, ITEMS, encoder, **terms, **penalties))


def talks_dvbpr():
    """With all terms of the talk's formula, and users from their history."""
    return dvbpr(latent_size=2, bias=True, with_history=True)


def scrambled(model):
    for weight in model.trainable_variables:
        weight.assign(np.random.default_rng(len(weight.shape)).normal(size=weight.shape))
    return model


def random():
    return RandomScores(USERS, ITEMS, seed=4)


COUNTED = [random, poprank, category_popularity, category_frequency, visrank]
TRAINED = [biased_mf, bprmf, warp, fm, vbpr, vbpr_with_history, dvbpr, talks_dvbpr]
every_recommender = pytest.mark.parametrize("make", [*COUNTED, *TRAINED])
every_trained_one = pytest.mark.parametrize("make", TRAINED)


def vectors_of(model):
    pictures = picture_batches(PICTURES, batch_size=2) if isinstance(model, DVBPR) else None
    return model.scoring_vectors(pictures, TRAIN)


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
    assert {"user_count", "item_count"} < set(arguments)


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (bprmf, {"latent_size": 3, "regularisation": 0.5}),
        (
            vbpr,
            {
                "feature_size": 4,
                "latent_size": 3,
                "style_size": 2,
                "regularisation": 0.5,
                "embedding_regularisation": 0.25,
            },
        ),
        (dvbpr, {"regularisation": 0.5, "encoder_regularisation": 0.25}),
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


@every_trained_one
def test_validation_loss_is_that_of_the_batch(make):
    model = make()
    user, positive, negative = np.array([[0, 0, 2, 1], [0, 1, 3, 1], [2, 4, 0, 3]])
    batch = {"user": user, "positive": positive, "negative": negative}
    if isinstance(model, DVBPR):
        items = np.concatenate([positive, negative])
        batch["picture"] = (PICTURES[items] / 127.5 - 1).astype(np.float32)
    if getattr(model, "with_history", False):
        batch["history"] = np.array([[1, -1], [0, -1], [4, -1], [2, 3]])
    dataset = tf.data.Dataset.from_tensors(batch)
    model.compile(optimizer=keras.optimizers.SGD(0.01))
    history = model.fit(dataset, validation_data=dataset, verbose=0).history
    # Of the weights after the epoch, with nothing dropped out or counted in.
    expected = float(model.batch_loss({name: tf.constant(v) for name, v in batch.items()}))
    assert history["val_loss"] == [pytest.approx(expected, rel=1e-5)]
    assert history["loss"][0] != pytest.approx(expected, rel=1e-3)


# Not those with a history: it leaves out an item while that is trained on, and not here.
@pytest.mark.parametrize("negatives", [0, 4])
@pytest.mark.parametrize("make", [bprmf, vbpr, dvbpr])
def test_training_ranks_what_was_bought_above_the_rest(make, negatives):
    model = make()
    none = np.empty((0, 2), np.int32)
    pictures = PICTURES if isinstance(model, DVBPR) else None
    split = Split(USERS, ITEMS, TRAIN, none, none)
    for name in ("regularisation", "encoder_regularisation"):
        setattr(model, name, 0.0)
    model.compile(optimizer=LazyAdam(0.05))
    batches = triplets(split, 8, 0, pictures, negatives=negatives)
    model.fit(batches, steps_per_epoch=80 * split.steps(8), verbose=0)
    scores = vectors_of(model).scores(np.arange(USERS))
    for user in range(USERS):
        bought = TRAIN[TRAIN[:, 0] == user, 1]
        assert scores[user, bought].min() > np.delete(scores[user], bought).max()
