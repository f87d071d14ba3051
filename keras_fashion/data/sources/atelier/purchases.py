"""The purchases of the shoppers of an atelier whose garments come on sale and go."""

from collections import defaultdict

import numpy as np
from tqdm import tqdm

from keras_fashion.data.sources.atelier.drift import Drift
from keras_fashion.data.sources.atelier.oracle import Oracle
from keras_fashion.data.sources.atelier.shoppers import (
    choose,
    garment_features,
    preference_vectors,
)

CONSIDERED = 4096
"""Maximum number of garments, drawn at random, among which a shopper chooses."""


def purchases_in_time(
    rng: np.random.Generator,
    oracle: Oracle,
    drift: Drift,
    on_sale: tuple[np.ndarray, np.ndarray],
    counts: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Simulates purchases, each on a random day, among what is on sale and the shopper has not.

    On each day a shopper chooses by `choose` over the utilities that `Oracle.scores_at` returns.

    Args:
        rng: Random number generator.
        oracle: The true preferences.
        drift: How they change.
        on_sale: First and last day on which each garment is sold, (I,) int each.
        counts: (U,) int, number of purchases of each shopper. Where fewer garments are left, the
            shopper buys these.

    Returns:
        Users, items and days, (N,) int each, by day.
    """
    features, preferences = garment_features(oracle.garments), preference_vectors(oracle.shoppers)
    shoppers = np.repeat(np.arange(len(counts)), counts)
    days = drift.first_day + rng.integers(len(drift.days), size=len(shoppers))
    owned: defaultdict[int, list[int]] = defaultdict(list)
    bought = []
    for day in tqdm(np.unique(days), "shopping", unit="day"):
        sold = np.flatnonzero((on_sale[0] <= day) & (day <= on_sale[1]))
        if len(sold) > CONSIDERED:
            sold = np.sort(rng.choice(sold, CONSIDERED, replace=False))
        users, wanted = np.unique(shoppers[days == day], return_counts=True)
        vectors = preferences[users] + drift.vectors(np.array([day]))
        utilities = vectors @ features[sold].T + oracle.popularity[sold]
        for row, user in enumerate(users):
            utilities[row, np.isin(sold, owned[user])] = -np.inf
        rows, places = choose(rng, utilities, wanted).T
        left = utilities[rows, places] > -np.inf
        rows, places = rows[left], places[left]
        for row, item in zip(rows, sold[places], strict=True):
            owned[users[row]].append(item)
        bought.append(np.stack([users[rows], sold[places], np.full(len(rows), day)]))
    user, item, when = np.concatenate(bought, axis=1)
    return user, item, when
