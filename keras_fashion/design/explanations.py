"""Explanations of preferences: occlusion maps, and the items that a picture is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_fashion.data import Catalogue
from keras_fashion.data.columns import describing_attributes, differing_attributes
from keras_fashion.data.pictures import fit_on_white, scale
from keras_fashion.models.dvbpr import DVBPR
from keras_fashion.models.encoders import ImageEncoder

PATCHES = 8
"""Number of patches that fit side by side along a picture; neighbors overlap by half."""

PATCHES_AT_ONCE = 64
"""Number of occluded pictures in one batch of the encoder."""

NUM_SIMILAR_ITEMS = 4
"""Number of similar items in an explanation."""

BEST_SHARE = 0.1
"""Share of a category's items that count as liked best."""


def occlusion_map(
    encoder: ImageEncoder, user_embedding: np.ndarray, picture: np.ndarray
) -> np.ndarray:
    """Returns how far theta . Phi(X) falls where a patch occludes the picture.

    After Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, but
    the patch shows the picture's own background (`background_of`) instead of gray, so that
    occluding the background changes nothing. The value of a pixel is the mean over all patches
    that cover it.

    `tests/benchmarks/deletion.py` compares this with integrated gradients (Sundararajan et al.,
    ICML 2017). Occluding the cells that the map names as most in favor of an item, or most against
    it, changes the preference by .71 and .61 of its standard deviation on the atelier (.66 and .54
    with integrated gradients) and by .95 and .87 on H&M (.80 and .74). Integrated gradients are
    ahead on single pixels, but these depend on the single network: between two trainings their
    maps correlate by .31 on both catalogues, and occlusion maps by .62 and .47.

    Args:
        encoder: Phi.
        user_embedding: (K,) float, theta of a user or the mean theta of a group.
        picture: (H, W, 3) uint8, X, of `encoder.picture_size`.

    Returns:
        (H, W) float32 in units of the preference, positive where the picture raises it.

    Example:
        >>> from keras_fashion.models import CompactEncoder
        >>> encoder = CompactEncoder(5, (16, 16), width=4)
        >>> occlusion_map(encoder, np.ones(5), np.zeros((16, 16, 3), np.uint8)).shape
        (16, 16)
    """
    size = picture.shape[:2]
    regions = list(product(*(_patch_slices(length) for length in size)))
    background = background_of(picture)

    def preferences(regions: list[tuple[slice, ...]]) -> np.ndarray:
        pictures = np.repeat(picture[None], len(regions), axis=0)
        for occluded, region in zip(pictures, regions, strict=True):
            occluded[region] = background[region]
        return encoder(scale(pictures), training=False).numpy() @ user_embedding

    whole = encoder(scale(picture[None]), training=False).numpy() @ user_embedding
    sums, counts = np.zeros(size, np.float32), np.zeros(size, np.float32)
    for first in range(0, len(regions), PATCHES_AT_ONCE):
        batch = regions[first : first + PATCHES_AT_ONCE]
        for region, fall in zip(batch, whole - preferences(batch), strict=True):
            sums[region] += fall
            counts[region] += 1
    return sums / counts


def background_of(picture: np.ndarray) -> np.ndarray:
    """Returns a picture's background without its garment.

    The background color is the median color of the outermost pixels. White bars at two opposite
    sides, with which `decode_picture` fills pictures of other proportions, stay white and are not
    part of the median.

    Args:
        picture: (H, W, 3) uint8.

    Returns:
        (H, W, 3) uint8.

    Example:
        >>> picture = np.full((4, 4, 3), 240, np.uint8)
        >>> picture[1:3, 1:3] = 0
        >>> np.unique(background_of(picture)).tolist()
        [240]
    """
    rows, columns = (np.flatnonzero((picture < 255).any(axis=(axis, 2))) for axis in (1, 0))
    inside = np.s_[:, :]
    if len(rows) == picture.shape[0] or len(columns) == picture.shape[1]:
        inside = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    without_bars = picture[inside]
    border = np.concatenate(
        [without_bars[0], without_bars[-1], without_bars[:, 0], without_bars[:, -1]]
    )
    background = np.full_like(picture, 255)
    background[inside] = np.median(border, axis=0)
    return background


def _patch_slices(length: int) -> list[slice]:
    """Returns the slices of the patches along a side of a picture; the last ends with the side."""
    side = max(1, round(length / PATCHES))
    starts = [*range(0, length - side, max(1, side // 2)), length - side]
    return [slice(start, start + side) for start in starts]


class ComparedItem(NamedTuple):
    """An item that the explained picture is compared with.

    Attributes:
        item: Dense index.
        distance: Euclidean distance between the embeddings Phi of the two.
        preference: theta . Phi of the item.
        liked_less: Share of the category's items with a lower preference.

    Example:
        >>> near = ComparedItem(item=7, distance=0.5, preference=1.2, liked_less=0.9)
        >>> far = near._replace(item=3, distance=2.0)
        >>> min([far, near], key=lambda each: each.distance).item
        7
    """

    item: int
    distance: float
    preference: float
    liked_less: float


@dataclass(frozen=True)
class Explanation:
    """The explanation of a user's or a group's preference for a picture.

    Attributes:
        picture: (H, W, 3) uint8, as the encoder sees it.
        category: Dense index.
        preference: theta . Phi(X).
        liked_less: Share of the category's items with a lower preference.
        influence: (H, W) float32, how far the preference falls where a patch occludes the picture
            (`occlusion_map`); positive where the picture raises it.
        similar_items: The items of the category with the nearest embeddings, the nearest first.
        better: Among the tenth of the category that is liked best, the item with the nearest
            embedding; None if the picture itself is liked as much as those.
        differences: The attributes in which the explained item and `better` differ, such as
            {"color": ("red", "blue")}; empty for a picture that is no item.

    Example:
        >>> influence = np.zeros((6, 6), np.float32)
        >>> influence[:2] = 0.5  # the top third raises the preference
        >>> explanation = Explanation(
        ...     picture=np.zeros((6, 6, 3), np.uint8),
        ...     category=0,
        ...     preference=1.0,
        ...     liked_less=0.95,
        ...     influence=influence,
        ...     similar_items=[ComparedItem(item=7, distance=0.5, preference=1.2, liked_less=0.9)],
        ...     better=None,
        ...     differences={},
        ... )
        >>> explanation.influence_of_thirds[:, 1].tolist()
        [0.5, 0.0, 0.0]
    """

    picture: np.ndarray
    category: int
    preference: float
    liked_less: float
    influence: np.ndarray
    similar_items: list[ComparedItem]
    better: ComparedItem | None
    differences: dict[str, tuple[str, str]]

    @property
    def influence_of_thirds(self) -> np.ndarray:
        """Means of `influence`, (3, 3) float32, top to bottom and left to right."""
        bands = [
            [part.mean() for part in np.array_split(band, 3, axis=1)]
            for band in np.array_split(self.influence, 3, axis=0)
        ]
        return np.array(bands, np.float32)


class PreferenceExplainer:
    """Explains theta . Phi(X) of a trained DVBPR.

    Items are similar by the Euclidean distance of their embeddings: the preferences of any theta
    for two items differ by at most the length of theta times this distance.

    Args:
        recommender: DVBPR without latent term and bias, which no picture shows.
        catalogue: Catalogue that it was trained on.
        embeddings: (I, K) float32, Phi of all items, as in the `items` of its scoring vectors.

    Raises:
        ValueError: If the recommender has a latent term or a bias.

    Example:
        >>> from types import SimpleNamespace
        >>> from keras_fashion.models import CompactEncoder
        >>> pictures = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3)).astype(np.uint8)
        >>> catalogue = SimpleNamespace(  # stands for a prepared catalogue
        ...     item_categories=np.zeros(4, int),
        ...     attributes={},
        ...     pictures_of=lambda items, size: pictures[items],
        ... )
        >>> recommender = DVBPR(2, 4, CompactEncoder(5, (16, 16), width=4))
        >>> embeddings = recommender.encoder(scale(pictures)).numpy()
        >>> explainer = PreferenceExplainer(recommender, catalogue, embeddings)
        >>> explanation = explainer.explain_item(users=[0], item=3)
        >>> explanation.influence.shape, len(explanation.similar_items)
        ((16, 16), 3)
    """

    def __init__(self, recommender: DVBPR, catalogue: Catalogue, embeddings: np.ndarray) -> None:
        if recommender.latent_size or recommender.bias:
            raise ValueError("a recommender with latent_size or bias scores by more than pictures")
        self.recommender = recommender
        self.catalogue = catalogue
        self.embeddings = embeddings

    def explain_item(self, users: Sequence[int], item: int) -> Explanation:
        """Explains the preference of a user, or of a group, for an item.

        A group is represented by the mean of its members' theta. (In a design for a group, each
        member's preference is on a scale of its own instead: `Aggregation`.)

        Args:
            users: Dense indices, one or more.
            item: Dense index.
        """
        picture = self.catalogue.pictures_of([item], self.recommender.encoder.picture_size)[0]
        category = int(self.catalogue.item_categories[item])
        return self._explain(users, picture, category, self.embeddings[item], item)

    def explain_picture(
        self, users: Sequence[int], picture: np.ndarray, category: int
    ) -> Explanation:
        """Explains the preference of a user, or of a group, for any picture, such as a design.

        Args:
            users: Dense indices, one or more.
            picture: (h, w, 3) uint8, of any size.
            category: Dense index of the category whose items it is compared with.
        """
        encoder = self.recommender.encoder
        picture = fit_on_white(picture, encoder.picture_size).numpy()
        embedding = encoder(scale(picture)[None], training=False)[0].numpy()
        return self._explain(users, picture, category, embedding, None)

    def _explain(
        self,
        users: Sequence[int],
        picture: np.ndarray,
        category: int,
        embedding: np.ndarray,
        item: int | None,
    ) -> Explanation:
        user_embedding = tf.reduce_mean(
            self.recommender.user_embedding(tf.constant(users)), axis=0
        ).numpy()
        items = np.flatnonzero(self.catalogue.item_categories == category)
        preferences = self.embeddings[items] @ user_embedding
        distances = np.linalg.norm(self.embeddings[items] - embedding, axis=1)
        # The preference for an item is taken from those of all items: computed again, it might
        # differ by a rounding error and rank below itself.
        preference = embedding @ user_embedding if item is None else preferences[items == item][0]

        def compared(index: int) -> ComparedItem:
            return ComparedItem(
                item=int(items[index]),
                distance=float(distances[index]),
                preference=float(preferences[index]),
                liked_less=float((preferences < preferences[index]).mean()),
            )

        nearest = [index for index in np.argsort(distances, kind="stable") if items[index] != item]
        threshold = np.quantile(preferences, 1 - BEST_SHARE)
        better = None
        if preference < threshold:
            better = compared(next(each for each in nearest if preferences[each] >= threshold))
        differences = {}
        if item is not None and better is not None:
            attributes = describing_attributes(self.catalogue.attributes)
            differences = differing_attributes(attributes, item, better.item)
        return Explanation(
            picture=picture,
            category=category,
            preference=float(preference),
            liked_less=float((preferences < preference).mean()),
            influence=occlusion_map(self.recommender.encoder, user_embedding, picture),
            similar_items=[compared(index) for index in nearest[:NUM_SIMILAR_ITEMS]],
            better=better,
            differences=differences,
        )
