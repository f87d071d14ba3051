"""Attributes that designs keep while they climb."""

from collections.abc import Sequence

import numpy as np

from keras_fashion.catalogue import Catalogue
from keras_fashion.design.edit_directions import find_directions
from keras_fashion.design.named_attributes import named_attributes
from keras_fashion.models.conditional_gan import ConditionalGAN


def held_attributes(
    gan: ConditionalGAN, catalogue: Catalogue, category: int, names: Sequence[str]
) -> np.ndarray | None:
    """Directions along which no design moves, so that attributes stay, by linear probes.

    Args:
        gan: Whose generator is probed.
        catalogue: Whose items teach what its labels look like.
        category: Dense index.
        names: As in `named_attributes`.

    Returns:
        (H, Z) float32, `held` of `PreferenceMaximiser.design` and of `redesign`; None for no
        names.

    Raises:
        InputError: If there is no such attribute.
    """
    if not names:
        return None
    measure = named_attributes(names, catalogue, category, gan.picture_size)
    return find_directions(gan, category, measure).held_basis(list(dict.fromkeys(names)))
