"""Types of command-line parameters."""

import re

import click

from keras_fashion.app.training.options import CheckpointSchedule, PictureSize


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


class DevicesParam(click.ParamType):
    """`auto`, `cpu`, `multi-worker` or a whole number from 1 on."""

    name = "auto|cpu|N|multi-worker"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value, if it is one."""
        if value in ("auto", "cpu", "multi-worker") or (value.isdecimal() and int(value) > 0):
            return value
        self.fail(f"{value!r} is none of auto, cpu, multi-worker and a number of devices.")


class CheckpointScheduleParam(click.ParamType):
    """A number of steps, or a time with its unit."""

    name = "N|TIME"

    def convert(
        self,
        value: str | CheckpointSchedule,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> CheckpointSchedule:
        """The schedule of a text."""
        if isinstance(value, CheckpointSchedule):
            return value
        try:
            return CheckpointSchedule.parse(value)
        except ValueError as error:
            self.fail(f"{error}.")
