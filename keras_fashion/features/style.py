"""The style of items as a shop describes it, which no model and no picture has a part in."""

import numpy as np
from scipy.sparse import csr_array

from keras_fashion.data import Catalogue
from keras_fashion.data.columns import describing_attributes, item_columns


def item_style(catalogue: Catalogue) -> csr_array:
    """Returns the category and the attributes of all items as sparse one-hot columns of length 1.

    The cosine distance of two items is the share of the columns (the category, the color, the
    pattern) in which they differ, if all values are known. The diversity of a list therefore has a
    plain meaning, and the same one for every model. A value that is not known ("") is equal to no
    other one. The days on which an item is sold are not part of its style.

    The block "attributes" of `frozen_features` holds these columns centered, as models need them;
    a distance between them has no such meaning.

    Args:
        catalogue: Catalogue of the items.

    Returns:
        (I, V) float32, where V is the number of values of all columns. Where a catalogue has no
        attributes, the columns are its categories.

    Example:
        >>> from types import SimpleNamespace
        >>> from keras_fashion.data.columns import Attribute
        >>> category = Attribute(np.array(["Bags", "Tops"]), np.array([1, 1, 0], np.int32))
        >>> color = Attribute(np.array(["blue", "red"]), np.array([1, 0, 0], np.int32))
        >>> catalogue = SimpleNamespace(columns={"category": category, "color": color})
        >>> style = item_style(catalogue)
        >>> (1 - (style @ style.T).toarray()).round(3).tolist()  # distances
        [[0.0, 0.5, 1.0], [0.5, 0.0, 0.5], [1.0, 0.5, 0.0]]
    """
    columns = describing_attributes(catalogue.columns)
    codes, num_values = item_columns(catalogue, list(columns))
    known = np.stack([each.values[each.codes] != "" for each in columns.values()], axis=1)
    counts = known.sum(axis=1)
    values = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(counts)])
    return csr_array((values, codes[known], starts), (len(codes), num_values))
