"""Where two pictures differ to the eye."""

import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab


def colour_difference(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """CIEDE2000 (Sharma, Wu & Dalal, 2005) at each pixel, as of an item and its redesign.

    Args:
        before: (H, W, 3) uint8.
        after: (H, W, 3) uint8.

    Returns:
        (H, W) float32, 0 where they are equal; about 1 is just seen, black to white is 100.

    Raises:
        ValueError: If the two differ in size.
    """
    if before.shape != after.shape:
        raise ValueError(f"pictures of {before.shape} and {after.shape} cannot be compared")
    return deltaE_ciede2000(rgb2lab(before), rgb2lab(after)).astype(np.float32)
