"""The known answer of the atelier: the utilities by which its shoppers really chose."""

from pathlib import Path

import numpy as np

from keras_fashion.datasets.atelier.shoppers import garment_features, taste_vectors
from keras_fashion.errors import InputError

TRUTH_FILE = "truth.npz"
"""Stands beside the catalogue's own files; only this module reads it."""


class Oracle:
    """Scores items by the true utilities; no model can expect to rank better.

    It has the shape of a model's scoring vectors (`scores(users)`), so that the same evaluation
    runs on it. Users and items count as in the catalogue: users sorted, items in row order.

    Args:
        garments: (I,) of `GARMENT`.
        shoppers: (U,) of `SHOPPER`.
        popularity: (I,) in nats: what makes items sell that no picture shows.

    Example:
        >>> oracle = Oracle.load("catalogues/atelier")
        >>> oracle.scores(np.array([0, 1])).shape
        (2, 2800)
    """

    def __init__(self, garments: np.ndarray, shoppers: np.ndarray, popularity: np.ndarray) -> None:
        self.garments = garments
        self.shoppers = shoppers
        self.popularity = popularity

    @classmethod
    def load(cls, catalogue: str | Path) -> "Oracle":
        """Reads the truth that preparing an `Atelier` left in a catalogue's folder.

        Raises:
            InputError: if the catalogue has none, because it is not an atelier.
        """
        path = Path(catalogue) / TRUTH_FILE
        if not path.is_file():
            raise InputError(f"{path} does not exist: only an atelier catalogue has a known answer")
        with np.load(path, allow_pickle=False) as truth:
            return cls(truth["garments"], truth["shoppers"], truth["popularity"])

    def save(self, folder: Path, seed: int) -> None:
        """Writes the truth into `folder`, with the seed it was drawn from.

        `numpy.savez` stamps no time, so that equal truths are equal bytes.
        """
        np.savez(
            folder / TRUTH_FILE,
            garments=self.garments,
            shoppers=self.shoppers,
            popularity=self.popularity,
            seed=seed,
        )

    def tastes(self, users: np.ndarray) -> np.ndarray:
        """Returns the taste utilities, without popularity: (B,) int to (B, I) float64."""
        return taste_vectors(self.shoppers[users]) @ garment_features(self.garments).T

    def scores(self, users: np.ndarray) -> np.ndarray:
        """Returns the utilities by which these users chose: (B,) int to (B, I) float64."""
        return self.tastes(users) + self.popularity
