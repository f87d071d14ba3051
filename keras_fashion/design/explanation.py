"""Why somebody likes a picture, or does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_fashion.catalogue import Catalogue, scale
from keras_fashion.catalogue.attribute import differing_attributes
from keras_fashion.catalogue.pictures import fit_on_white
from keras_fashion.design.occlusion import occlusion_map
from keras_fashion.models.dvbpr import DVBPR

ALIKE = 4
"""How many of the items that are most alike are named."""
BEST_SHARE = 0.1
"""Of a category: what is clearly liked."""


class ComparedItem(NamedTuple):
    """An existing item beside the picture that is explained.

    Attributes:
        item: Dense index.
        distance: Euclidean, between the styles Phi of the two.
        preference: theta . Phi of the item.
        liked_less: Share of the category's items with a lower preference.
    """

    item: int
    distance: float
    preference: float
    liked_less: float


@dataclass(frozen=True)
class Explanation:
    """Why somebody likes a picture, or does not.

    Attributes:
        picture: (H, W, 3) uint8, as the encoder sees it.
        category: Dense index.
        preference: theta . Phi(X).
        liked_less: Share of the category's items with a lower preference.
        influence: (H, W) float32, how far the preference falls where a patch covers the picture
            (`occlusion_map`). Above 0: what is there raises it.
        alike: The items of the category that are nearest in style, the nearest first.
        better: Of the tenth of the category that is liked best, the item nearest in style; None if
            the picture itself is liked as well as those.
        differences: Attributes that the explained item and `better` have not in common, as
            {"colour": ("red", "blue")}; empty for a picture of no item.
    """

    picture: np.ndarray
    category: int
    preference: float
    liked_less: float
    influence: np.ndarray
    alike: list[ComparedItem]
    better: ComparedItem | None
    differences: dict[str, tuple[str, str]]

    @property
    def influence_of_thirds(self) -> np.ndarray:
        """Means of `influence`: (3, 3) float32, top to bottom and left to right."""
        bands = [
            [part.mean() for part in np.array_split(band, 3, axis=1)]
            for band in np.array_split(self.influence, 3, axis=0)
        ]
        return np.array(bands, np.float32)


class PreferenceExplainer:
    """Explains theta . Phi(X) of a trained DVBPR.

    Items are alike by the Euclidean distance of their styles: no theta can tell two items further
    apart than its own length times that, whoever it is that looks at them.

    Args:
        recommender: Without latent term and bias, which no picture shows.
        catalogue: That it was trained on.
        styles: (I, K) float32, Phi of all items: `scoring_vectors(...).items`.

    Raises:
        ValueError: If the recommender has a latent term or a bias.

    Example:
        >>> run = Run("runs/dvbpr")
        >>> explainer = PreferenceExplainer(run.model, run.catalogue, run.vectors.items)
        >>> explainer.explain_item([17], item=3).liked_less
        0.23
    """

    def __init__(self, recommender: DVBPR, catalogue: Catalogue, styles: np.ndarray) -> None:
        if recommender.latent_size or recommender.bias:
            raise ValueError("a recommender with latent_size or bias scores by more than pictures")
        self.recommender = recommender
        self.catalogue = catalogue
        self.styles = styles

    def explain_item(self, users: Sequence[int], item: int) -> Explanation:
        """Why a user, or a group by its mean taste, likes an existing item.

        (A design for a group goes by its members' preferences, each on a scale of their own.)

        Args:
            users: Dense indices, one or more.
            item: Dense index.
        """
        picture = self.catalogue.pictures_of([item], self.recommender.encoder.picture_size)[0]
        category = int(self.catalogue.item_categories[item])
        return self._explain(users, picture, category, self.styles[item], item)

    def explain_picture(
        self, users: Sequence[int], picture: np.ndarray, category: int
    ) -> Explanation:
        """Why a user, or a group by its mean taste, likes any picture, as that of a design.

        Args:
            users: Dense indices, one or more.
            picture: (h, w, 3) uint8, of any size.
            category: Dense index: of the items that it is compared with.
        """
        encoder = self.recommender.encoder
        picture = fit_on_white(picture, encoder.picture_size).numpy()
        style = encoder(scale(picture)[None], training=False)[0].numpy()
        return self._explain(users, picture, category, style, None)

    def _explain(
        self,
        users: Sequence[int],
        picture: np.ndarray,
        category: int,
        style: np.ndarray,
        item: int | None,
    ) -> Explanation:
        taste = tf.reduce_mean(self.recommender.taste(tf.constant(users)), axis=0).numpy()
        items = np.flatnonzero(self.catalogue.item_categories == category)
        preferences = self.styles[items] @ taste
        distances = np.linalg.norm(self.styles[items] - style, axis=1)
        # An item's is the one among the others': seen anew it might come out a rounding lower.
        preference = style @ taste if item is None else preferences[items == item][0]

        def compared(at: int) -> ComparedItem:
            return ComparedItem(
                item=int(items[at]),
                distance=float(distances[at]),
                preference=float(preferences[at]),
                liked_less=float((preferences < preferences[at]).mean()),
            )

        nearest = [at for at in np.argsort(distances, kind="stable") if items[at] != item]
        liked = np.quantile(preferences, 1 - BEST_SHARE)
        better = None
        if preference < liked:
            better = compared(next(at for at in nearest if preferences[at] >= liked))
        differences = {}
        if item is not None and better is not None:
            differences = differing_attributes(self.catalogue.attributes, item, better.item)
        return Explanation(
            picture=picture,
            category=category,
            preference=float(preference),
            liked_less=float((preferences < preference).mean()),
            influence=occlusion_map(self.recommender.encoder, taste, picture),
            alike=[compared(at) for at in nearest[:ALIKE]],
            better=better,
            differences=differences,
        )
