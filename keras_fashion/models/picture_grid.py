"""The grid that a GAN's networks begin or end at: a sixteenth of the picture."""

from keras_fashion.errors import InputError

HALVINGS = 4


def picture_grid(picture_size: tuple[int, int]) -> tuple[int, int]:
    """Height and width after four halvings.

    Args:
        picture_size: (H, W) in pixels.

    Raises:
        InputError: if a side is not a multiple of 16.
    """
    height, width = picture_size
    part = 2**HALVINGS
    if height % part or width % part or height < part or width < part:
        raise InputError(
            f"picture_size: height and width must be divisible by {part}, not {height}x{width}"
        )
    return height // part, width // part
