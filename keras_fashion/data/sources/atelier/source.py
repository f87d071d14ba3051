"""The atelier as a source: pictures are drawn when they are read, and purchases are simulated."""

import copy
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from keras_fashion.data.columns import ON_SALE_FROM, ON_SALE_UNTIL
from keras_fashion.data.sources.atelier.attributes import CATEGORIES, GARMENT, sample_garments
from keras_fashion.data.sources.atelier.drift import sample_drift, sample_sales
from keras_fashion.data.sources.atelier.garments import draw_garment
from keras_fashion.data.sources.atelier.oracle import Oracle
from keras_fashion.data.sources.atelier.purchases import CONSIDERED, purchases_in_time
from keras_fashion.data.sources.atelier.shoppers import (
    choose,
    garment_features,
    preference_vectors,
    sample_popularity,
    sample_shoppers,
)
from keras_fashion.data.sources.source import Skip, Source
from keras_fashion.errors import InputError

_PREFIXES = dict(zip(CATEGORIES, ("BAG", "DRS", "SHO", "SKT", "TOP", "TRS"), strict=True))
_YEAR = int(np.datetime64("2025-01-01").astype(int))
_DAYS = 365
_MINIMUM_PURCHASES = 8


class Atelier(Source):
    """Procedurally drawn garments and the purchases of simulated shoppers within a year.

    The catalogue is like any other. Beside it, `truth.npz` has the true preferences, which only
    `Oracle` reads. Equal arguments give equal bytes.

    Args:
        seed: Seed of everything that is drawn at random.
        users: Number of shoppers.
        items: Number of garments.
        size: Height and width of the pictures in pixels.
        purchases: Mean number of garments that a shopper buys, at least 8. Every shopper buys at
            least 8.
        drift: Strength of the drift (`sample_drift`) in nats. With a number, even 0, the purchases
            are of three years, garments come on sale and go within them, and a shopper buys what
            is on sale on the day of the purchase; a shopper who has everything that is on sale
            buys less. By default, purchases are of one year and what is liked does not change.

    Attributes:
        seed: Seed of everything that is drawn at random.
        size: Height and width of the pictures in pixels.
        purchases: Mean number of garments that a shopper buys.
        oracle: The true preferences.

    Raises:
        InputError: If `purchases` is less than 8, or `drift` is negative or not finite.

    Example:
        >>> atelier = Atelier(seed=0, users=3, items=20, purchases=8)
        >>> atelier.items(skip=None, scratch=None)["item"][0]
        'TRS-0001'
        >>> len(atelier.interactions())
        24
    """

    name = "atelier"
    description = "Procedural pictures of garments, and the purchases of simulated shoppers."
    license = "Apache-2.0"

    def __init__(
        self,
        seed: int = 0,
        users: int = 600,
        items: int = 2800,
        size: int = 64,
        purchases: float = 24,
        drift: float | None = None,
    ) -> None:
        if purchases < _MINIMUM_PURCHASES:
            raise InputError(
                f"`purchases` is {purchases}, but each shopper buys at least {_MINIMUM_PURCHASES}."
            )
        if drift is not None and not 0 <= drift < np.inf:
            raise InputError(f"`drift` is {drift}, but it is a number of nats, 0 or more.")
        garments, shoppers, popularity, choices, time = np.random.default_rng(seed).spawn(5)
        self.seed = seed
        self.size = size
        self.purchases = purchases
        self._choices = choices
        self._garments = sample_garments(garments, items)
        weights, self._on_sale = sample_popularity(popularity, items)
        truth = self._garments, sample_shoppers(shoppers, users)
        self._sales: tuple[np.ndarray, np.ndarray] | None = None
        if drift is None:
            self.oracle = Oracle(*truth, weights)
        else:
            # How long a garment has been on sale decides on a day and not by a weight.
            weights -= np.log(self._on_sale)
            self.oracle = Oracle(*truth, weights, sample_drift(time, drift))
            self._sales = sample_sales(time, items)
            self.attributes = (ON_SALE_FROM, ON_SALE_UNTIL)
        self._item_ids = _item_ids(self._garments)

    def items(self, skip: Skip, scratch: Path) -> pd.DataFrame:
        """Lists the garments, which are numbered within their category: TOP-0001, TOP-0002, ..."""
        categories = np.array(CATEGORIES)[self._garments["category"]]
        table = pd.DataFrame(
            {
                "item": pd.Series(self._item_ids, dtype="str"),
                "category": pd.Series(categories, dtype="str"),
                "picture": [garment.tobytes() for garment in self._garments],
            }
        )
        for name, days in zip(self.attributes, self._sales or (), strict=True):
            table[name] = pd.Series(_dates(days), dtype="str")
        return table

    def interactions(self) -> pd.DataFrame:
        """Simulates the purchases of all shoppers, each on a day on which the item is on sale."""
        # A copy of the generator, so that a second call returns the same.
        rng, count = copy.deepcopy(self._choices), len(self.oracle.shoppers)
        spread = (self.purchases - _MINIMUM_PURCHASES) / 2
        bought = _MINIMUM_PURCHASES + rng.poisson(rng.gamma(2, spread, count))
        if self.oracle.drift is not None and self._sales is not None:
            user, item, day = purchases_in_time(
                rng, self.oracle, self.oracle.drift, self._sales, bought
            )
        else:
            user, item, day = self._purchases_of_a_year(rng, bought)
        digits = max(4, len(str(count)))  # Equally long ids keep their order when sorted.
        users = np.array([f"shopper-{number + 1:0{digits}d}" for number in range(count)])
        return pd.DataFrame(
            {
                "user": pd.Series(users[user], dtype="str"),
                "item": pd.Series(self._item_ids[item], dtype="str"),
                "time": pd.Series(_dates(day), dtype="str"),
            }
        )

    def _purchases_of_a_year(
        self, rng: np.random.Generator, bought: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if len(self._garments) <= CONSIDERED:
            user, item = choose(rng, self.oracle.scores(np.arange(len(bought))), bought).T
        else:
            user, item = self._choose_among_some(rng, bought)
        launch = _DAYS * (1 - self._on_sale[item])
        day = (launch + rng.uniform(size=len(item)) * (_DAYS - launch)).astype(int)
        return user, item, _YEAR + day

    def _choose_among_some(
        self, rng: np.random.Generator, bought: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        features = garment_features(self._garments)
        preferences = preference_vectors(self.oracle.shoppers)
        items = []
        for user, preference in enumerate(tqdm(preferences, "shopping", unit="shopper")):
            seen = rng.choice(len(features), CONSIDERED, replace=False, shuffle=False)
            scores = features[seen] @ preference + self.oracle.popularity[seen]
            items.append(seen[choose(rng, scores[None], bought[user : user + 1])[:, 1]])
        return np.repeat(np.arange(len(bought)), bought), np.concatenate(items)

    @property
    def read_picture(self) -> Callable[[Any], bytes]:
        """Function that draws a garment, given the bytes of its scalar of dtype `GARMENT`."""
        return _Draw(self.size)

    def write_extras(self, folder: Path) -> None:
        """Writes the true preferences."""
        self.oracle.save(folder, self.seed)


@dataclass(frozen=True)
class _Draw:
    size: int

    def __call__(self, garment: bytes) -> bytes:
        (row,) = np.frombuffer(garment, GARMENT)
        picture = io.BytesIO()
        Image.fromarray(draw_garment(row, self.size)).save(picture, "PNG")
        return picture.getvalue()


def _item_ids(garments: np.ndarray) -> np.ndarray:
    category = pd.Series(garments["category"])
    number = category.groupby(category).cumcount() + 1
    prefixes = [_PREFIXES[CATEGORIES[c]] for c in category]
    return np.array([f"{p}-{n:04d}" for p, n in zip(prefixes, number, strict=True)])


def _dates(days: np.ndarray) -> np.ndarray:
    return days.astype("datetime64[D]").astype(str)
