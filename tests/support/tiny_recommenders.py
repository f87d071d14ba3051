"""Every recommender, tiny, with numbers that are far from those it begins with."""

import keras
import numpy as np
import tensorflow as tf

from keras_fashion.data.pipelines import picture_batches, triplets
from keras_fashion.data.split import Split
from keras_fashion.models import (
    ALS,
    AMR,
    BPRMF,
    DVBPR,
    FM,
    VBPR,
    WARP,
    AttributeHeads,
    BiasedMF,
    CategoryFrequency,
    CategoryPopularity,
    CompactEncoder,
    DeepStyle,
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


def als():
    model = ALS(USERS, ITEMS, 2)
    model.adapt(TRAIN, confidence=5.0, regularization=0.1, iterations=3, seed=0)
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
    return scrambled(BiasedMF(USERS, ITEMS, latent_size=3, regularization=0.5))


def warp():
    return scrambled(WARP(USERS, ITEMS, latent_size=3, regularization=0.5))


def fm():
    model = scrambled(FM(USERS, ITEMS, 2, 5, latent_size=3, regularization=0.5))
    model.adapt(COLUMNS)
    return model


def bprmf():
    return scrambled(BPRMF(USERS, ITEMS, latent_size=3, regularization=0.5))


def vbpr():
    sizes = {"embedding_size": 2, "latent_size": 3}
    model = VBPR(USERS, ITEMS, 4, **sizes, regularization=0.5, embedding_regularization=0.25)
    model.adapt(FEATURES)
    return scrambled(model)


def vbpr_with_history():
    model = VBPR(USERS, ITEMS, 4, embedding_size=2, latent_size=3, with_history=True)
    model.adapt(FEATURES)
    return scrambled(model)


def deepstyle(**options):
    penalties = {"regularization": 0.5, "embedding_regularization": 0.25}
    model = DeepStyle(USERS, ITEMS, 4, 2, embedding_size=3, **penalties, **options)
    model.adapt(FEATURES)
    model.adapt_categories(COLUMNS[:, 0])
    return scrambled(model)


def deepstyle_with_history():
    return deepstyle(with_history=True)


def amr():
    sizes = {"embedding_size": 2, "latent_size": 3}
    model = AMR(USERS, ITEMS, 4, **sizes, epsilon=0.75, adversarial_weight=2.0)
    model.adapt(FEATURES)
    return scrambled(model)


def dvbpr(**terms):
    encoder = CompactEncoder(4, (16, 16), 2, 0.1)
    penalties = {"regularization": 0.5, "encoder_regularization": 0.25}
    return scrambled(DVBPR(USERS, ITEMS, encoder, **terms, **penalties))


def talks_dvbpr():
    """With all terms of the talk's formula, and users from their history."""
    return dvbpr(latent_size=2, bias=True, with_history=True)


def dvbpr_with_attributes():
    heads = AttributeHeads(4, [2, 3], ITEMS)
    heads.values.assign([[0, 2], [1, 0], [1, -1], [0, 1], [1, 1]])
    return dvbpr(attribute_heads=heads, attribute_weight=0.5)


def scrambled(model):
    for weight in model.trainable_variables:
        weight.assign(np.random.default_rng(len(weight.shape)).normal(size=weight.shape))
    return model


def random():
    return RandomScores(USERS, ITEMS, seed=4)


COUNTED = [random, poprank, als, category_popularity, category_frequency, visrank]
TRAINED = [
    *(biased_mf, bprmf, warp, fm, vbpr, vbpr_with_history, deepstyle, deepstyle_with_history, amr),
    *(dvbpr, talks_dvbpr, dvbpr_with_attributes),
]


def vectors_of(model):
    pictures = picture_batches(PICTURES, batch_size=2) if isinstance(model, DVBPR) else None
    return model.scoring_vectors(pictures, TRAIN)


def validation_losses(model, **how):
    """What `fit` says of an epoch of one batch, and the loss of that batch afterwards."""
    user, positive, negative = np.array([[0, 0, 2, 1], [0, 1, 3, 1], [2, 4, 0, 3]])
    batch = {"user": user, "positive": positive, "negative": negative}
    if isinstance(model, DVBPR):
        items = np.concatenate([positive, negative])
        batch["picture"] = (PICTURES[items] / 127.5 - 1).astype(np.float32)
    if getattr(model, "with_history", False):
        batch["history"] = np.array([[1, -1], [0, -1], [4, -1], [2, 3]])
    dataset = tf.data.Dataset.from_tensors(batch)
    model.compile(optimizer=keras.optimizers.SGD(0.01), **how)
    history = model.fit(dataset, validation_data=dataset, verbose=0).history
    expected = float(model.batch_loss({name: tf.constant(v) for name, v in batch.items()}))
    return history, expected


def assert_ranks_what_was_bought_above_the_rest(model, negatives):
    """After 80 steps of training."""
    none = np.empty((0, 2), np.int32)
    pictures = PICTURES if isinstance(model, DVBPR) else None
    split = Split(USERS, ITEMS, TRAIN, none, none)
    for name in ("regularization", "encoder_regularization"):
        setattr(model, name, 0.0)
    model.compile(optimizer=LazyAdam(0.05))
    batches = triplets(split, 8, 0, pictures, negatives=negatives)
    model.fit(batches, steps_per_epoch=80 * split.steps(8), verbose=0)
    scores = vectors_of(model).scores(np.arange(USERS))
    for user in range(USERS):
        bought = TRAIN[TRAIN[:, 0] == user, 1]
        assert scores[user, bought].min() > np.delete(scores[user], bought).max()
