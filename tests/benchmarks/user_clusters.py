"""Compares scalings of the users' vectors for k-means.

    .venv/bin/python tests/benchmarks/user_clusters.py runs/dvbpr runs/dvbpr_seed1

For raw vectors, vectors of unit length, and vectors of unit length after the mean is subtracted, it
prints the adjusted Rand index of the clusters of both runs with the tribes (an atelier has nine)
and of the two with each other, and the share of the variance of ln purchases between the clusters.
"""

import sys

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import normalize

from keras_fashion.app.run import Run
from keras_fashion.data.sources.atelier.oracle import Oracle
from keras_fashion.design.user_clusters import NUM_STARTS
from keras_fashion.errors import InputError

SCALES = {
    "raw": lambda vectors: vectors,
    "unit length": normalize,
    "centered, unit length": lambda vectors: normalize(vectors - vectors.mean(axis=0)),
}


def main() -> None:
    """Measures and prints a line for each scaling."""
    runs = [Run(path) for path in sys.argv[1:3]]
    users = np.intersect1d(*(run.split.train[:, 0] for run in runs))
    purchases = np.log(np.bincount(runs[0].split.train[:, 0])[users])
    try:
        tribes = Oracle.load(runs[0].catalogue.path).shoppers["tribe"][users]
    except InputError:
        tribes = None
    for count in (9,) if tribes is not None else (4, 8):
        for name, scale in SCALES.items():
            found = [
                KMeans(count, n_init=NUM_STARTS, random_state=0).fit_predict(
                    scale(run.vectors.users[users])
                )
                for run in runs
            ]
            means = np.array([purchases[found[0] == each].mean() for each in range(count)])
            explained = means[found[0]].var() / purchases.var()
            line = f"{count} clusters, {name:21} purchases {explained:.3f}"
            line += f"  each other {adjusted_rand_score(*found):.3f}"
            if tribes is not None:
                both = [f"{adjusted_rand_score(tribes, each):.3f}" for each in found]
                line += f"  tribes {', '.join(both)}"
            print(line)


if __name__ == "__main__":
    main()
