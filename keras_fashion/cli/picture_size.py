"""Height and width of pictures on the command line."""

import re

import click

from keras_fashion.training.options import PictureSize


class PictureSizeParam(click.ParamType):
    """Height and width in pixels, written 192x128; 64 is 64x64."""

    name = "HxW"

    def convert(
        self, value: str | PictureSize, param: click.Parameter | None, ctx: click.Context | None
    ) -> PictureSize:
        """From text to (height, width)."""
        if isinstance(value, PictureSize):
            return value
        found = re.fullmatch(r"([1-9]\d{0,3})(?:x([1-9]\d{0,3}))?", value)
        if not found:
            self.fail(f"{value!r} is no height and width in pixels, such as 192x128", param, ctx)
        return PictureSize(int(found[1]), int(found[2] or found[1]))
