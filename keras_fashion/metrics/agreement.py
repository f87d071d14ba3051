"""Whether generated pictures lie among the real ones of the category that was asked for."""

from typing import Any, NamedTuple

import numpy as np

from keras_fashion.metrics.distances import nearest_neighbors
from keras_fashion.metrics.features import checked_features


class Agreement(NamedTuple):
    """Shares of pictures whose nearest real pictures are of their own category, in [0, 1].

    Attributes:
        num_real: Number of real pictures.
        num_generated: Number of generated pictures.
        real: Share of the real pictures, each left out of its own neighbors.
        generated: Share of the generated pictures; None without any.

    Example:
        >>> from keras_fashion.metrics import Agreement
        >>> Agreement(num_real=50, num_generated=20, real=0.8, generated=0.4).ratio
        0.5
    """

    num_real: int
    num_generated: int
    real: float
    generated: float | None

    @property
    def ratio(self) -> float | None:
        """Share of the generated pictures over that of the real ones.

        It is 1 for pictures like real ones, and None without generated pictures or if no real
        picture agrees.
        """
        return self.generated / self.real if self.real and self.generated is not None else None


class CategoryAgreement(NamedTuple):
    """Agreement of all pictures, and of those of each category.

    Attributes:
        overall: The shares over all pictures of all categories, in [0, 1].
        by_category: The shares of each category of the real pictures by its name or number, in the
            order of `np.unique`.

    Example:
        >>> from keras_fashion.metrics import category_agreement
        >>> real, categories = [[0.0], [1.0], [8.0], [9.0]], ["Bags", "Bags", "Tops", "Tops"]
        >>> found = category_agreement(real, categories, [[0.4]], ["Tops"], num_neighbors=1)
        >>> found.by_category["Bags"]
        Agreement(num_real=2, num_generated=0, real=1.0, generated=None)
    """

    overall: Agreement
    by_category: dict[Any, Agreement]


def category_agreement(
    real: Any,
    real_categories: Any,
    generated: Any,
    generated_categories: Any,
    num_neighbors: int = 5,
) -> CategoryAgreement:
    """Computes the share of pictures whose nearest real pictures are mostly of their category.

    The category of a picture is predicted by the k-nearest-neighbor rule (Cover and Hart, "Nearest
    Neighbor Pattern Classification", IEEE Transactions on Information Theory 1967): it is the most
    frequent one among the k nearest real pictures by Euclidean distance. Of equally frequent
    categories it is the one whose pictures among the k have the smaller sum of distances, and of
    equal sums the first in the order of `np.unique`. A picture agrees if the predicted category is
    its own. For a real picture the k nearest others are taken.

    Bias: the share depends on the features, the number of real pictures and the proportions of
    their categories: of a category of few pictures, few of the k neighbors can be. Compare it with
    the share of the real pictures, by `Agreement.ratio`. A real picture has one picture of its own
    category fewer to be near to than a generated one, so that the ratio favors generated pictures
    in categories of a few pictures. The overall ratio assumes the same proportions of categories in
    both sets. Copies of real pictures agree: `nearest_real` detects them.

    Sample size: with 100 generated and 100 real pictures of a category, the standard error of each
    share is at most 0.05.

    Args:
        real: Features of shape (N, F) of real pictures, N > k.
        real_categories: Their categories, names or numbers of shape (N,).
        generated: Features of shape (M, F) of generated pictures, M >= 1.
        generated_categories: The categories that were asked for, of shape (M,).
        num_neighbors: The k.

    Returns:
        A `CategoryAgreement`.

    Raises:
        ValueError: If a shape is another one, there are too few pictures, a value is not finite, or
            generated pictures are of a category that no real one has.

    Example:
        >>> from keras_fashion.metrics import category_agreement
        >>> real, categories = [[0.0], [1.0], [8.0], [9.0]], ["Bags", "Bags", "Tops", "Tops"]
        >>> generated, asked = [[0.4], [7.0]], ["Tops", "Tops"]
        >>> category_agreement(real, categories, generated, asked, num_neighbors=1).overall
        Agreement(num_real=4, num_generated=2, real=1.0, generated=0.5)
    """
    if num_neighbors < 1:
        raise ValueError(f"num_neighbors must be 1 or more, received {num_neighbors}")
    real = checked_features(real, "real", num_neighbors + 1)
    generated = checked_features(generated, "generated", 1, width=real.shape[1])
    real_categories = _checked_categories(real_categories, "real", len(real))
    generated_categories = _checked_categories(generated_categories, "generated", len(generated))
    names, real_labels = np.unique(real_categories, return_inverse=True)
    unknown = np.setdiff1d(generated_categories, names)
    if len(unknown):
        raise ValueError(
            f"no real picture is of the generated pictures' category {str(unknown[0])!r}"
        )
    generated_labels = np.searchsorted(names, generated_categories)

    def agrees(labels: np.ndarray, queries: np.ndarray | None) -> np.ndarray:
        rows, distances = nearest_neighbors(real, num_neighbors, queries)
        return _most_frequent(real_labels[rows], distances) == labels

    real_agrees = agrees(real_labels, None)
    generated_agrees = agrees(generated_labels, generated)
    return CategoryAgreement(
        _agreement(real_agrees, generated_agrees),
        {
            name: _agreement(
                real_agrees[real_labels == label], generated_agrees[generated_labels == label]
            )
            for label, name in enumerate(names.tolist())
        },
    )


def _checked_categories(categories: Any, name: str, num_pictures: int) -> np.ndarray:
    categories = np.asarray(categories)
    if categories.shape != (num_pictures,):
        raise ValueError(
            f"{name} categories must be one for each of {num_pictures} pictures, received shape "
            f"{categories.shape}"
        )
    return categories


def _most_frequent(labels: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Returns the most frequent of each row's labels, of shape (M,), from shapes (M, k)."""
    alike = labels[:, :, None] == labels[:, None, :]
    summed_distances = (alike * distances[:, None, :]).sum(axis=2)
    best = np.lexsort((labels, summed_distances, -alike.sum(axis=2)))[:, :1]
    return np.take_along_axis(labels, best, axis=1)[:, 0]


def _agreement(real_agrees: np.ndarray, generated_agrees: np.ndarray) -> Agreement:
    return Agreement(
        len(real_agrees),
        len(generated_agrees),
        float(real_agrees.mean()),
        float(generated_agrees.mean()) if len(generated_agrees) else None,
    )
