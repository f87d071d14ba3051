"""The category columns of a catalogue's items, by name, as the models take them."""

from collections.abc import Sequence

import numpy as np

from keras_fashion.catalogue import Attribute, Catalogue
from keras_fashion.errors import InputError


def item_columns(catalogue: Catalogue, names: Sequence[str]) -> tuple[np.ndarray, int]:
    """What each item has in some columns, as one numbering of all their values.

    Args:
        catalogue: Whose items.
        names: "category" or the names of attributes, all different.

    Returns:
        (I, len(names)) int32, the values of a column being numbered after those of the columns
        before it; and V, how many values there are.

    Raises:
        InputError: If there is no column of a name, none is named, or one is named twice.
    """
    category = Attribute(np.array(catalogue.categories), catalogue.item_categories)
    columns = {"category": category} | catalogue.attributes
    for name in names:
        if name not in columns:
            raise InputError(
                f"catalogue {catalogue.name} has no column {name!r}; it has {', '.join(columns)} "
                "(`keras-fashion prepare shop --attribute-column` keeps more)."
            )
    if not names or len(set(names)) < len(names):
        raise InputError(f"columns {', '.join(names) or '(none)'}: name each once, at least one.")
    counts = [len(columns[name].values) for name in names]
    firsts = np.cumsum(counts) - counts
    codes = np.stack([columns[name].codes for name in names], axis=1)
    return (codes + firsts).astype(np.int32), sum(counts)
