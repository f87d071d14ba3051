"""Types of command-line parameters, and the options that several commands have."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from keras_fashion.app.training.options import CheckpointSchedule, PictureSize
from keras_fashion.errors import InputError


class PictureSizeParam(click.ParamType):  # type: ignore[type-arg] # not generic in 8.1
    """Height and width in pixels, such as `192x128`; `64` is 64x64."""

    name = "HxW"

    def convert(
        self, value: str | PictureSize, param: click.Parameter | None, ctx: click.Context | None
    ) -> PictureSize:
        """Returns the height and width of a text.

        Example:
            >>> PictureSizeParam().convert("192x128", None, None)
            PictureSize(height=192, width=128)
        """
        if isinstance(value, PictureSize):
            return value
        found = re.fullmatch(r"([1-9]\d{0,3})(?:x([1-9]\d{0,3}))?", value)
        if not found:
            self.fail(f"{value!r} is no height and width in pixels, such as 192x128", param, ctx)
        return PictureSize(int(found[1]), int(found[2] or found[1]))


class DevicesParam(click.ParamType):  # type: ignore[type-arg] # not generic in 8.1
    """`auto`, `cpu`, `multi-worker` or a positive whole number of GPUs."""

    name = "auto|cpu|N|multi-worker"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Returns the text if it is a choice of devices.

        Example:
            >>> DevicesParam().convert("2", None, None)
            '2'
        """
        if value in ("auto", "cpu", "multi-worker") or (value.isdecimal() and int(value) > 0):
            return value
        self.fail(f"{value!r} is none of auto, cpu, multi-worker and a number of devices.")


class CheckpointScheduleParam(click.ParamType):  # type: ignore[type-arg] # not generic in 8.1
    """A number of steps such as `500`, or a time with its unit such as `10m`."""

    name = "N|TIME"

    def convert(
        self,
        value: str | CheckpointSchedule,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> CheckpointSchedule:
        """Returns the schedule of a text.

        Example:
            >>> CheckpointScheduleParam().convert("10m", None, None).seconds == 600
            True
        """
        if isinstance(value, CheckpointSchedule):
            return value
        try:
            return CheckpointSchedule.parse(value)
        except ValueError as error:
            self.fail(f"{error}.")


class AttributeValueParam(click.ParamType):  # type: ignore[type-arg] # not generic in 8.1
    """A column of the catalogue and one of its values, such as `color=red`."""

    name = "COLUMN=VALUE"

    def convert(
        self,
        value: str | tuple[str, str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, str]:
        """Returns the column and the value of a text.

        Example:
            >>> AttributeValueParam().convert("color=red", None, None)
            ('color', 'red')
        """
        if isinstance(value, tuple):
            return value
        column, equals, wanted = value.partition("=")
        if not equals:
            self.fail(f"{value!r} is not of the form COLUMN=VALUE.", param, ctx)
        return column, wanted


class DayParam(click.ParamType):  # type: ignore[type-arg] # not generic in 8.1
    """A date such as `2020-06-22`."""

    name = "YYYY-MM-DD"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Returns the number of the day of a text, see `keras_fashion.data.parse_day`.

        Example:
            >>> DayParam().convert("1970-01-03", None, None)
            2
        """
        from keras_fashion.data.purchase_times import parse_day  # with pandas, which takes time

        if isinstance(value, int):
            return value
        try:
            return parse_day(value)
        except InputError as error:
            self.fail(str(error), param, ctx)


EXISTING = click.Path(exists=True, path_type=Path)
"""A file or a folder that exists."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")

out_folder_option = click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder to write to."
)

part_option = click.option(
    "--part",
    type=click.Choice(["test", "validation"]),
    default="test",
    show_default=True,
    help="Held-out interactions to measure on.",
)

ks_option = click.option(
    "-k",
    "--k",
    "ks",
    type=click.IntRange(1),
    multiple=True,
    help="Length of the lists that are measured; may be given several times.  [default: 10]",
)

hold_option = click.option(
    "--hold",
    multiple=True,
    help="Attribute to keep as it is, named as in `edit`; may be given several times.",
)


def seed_option(text: str, maximum: int | None = 2**32 - 1) -> Callable[[Callable[..., Any]], Any]:
    """Makes an option `--seed`, which is 0 by default.

    Args:
        text: What the seed decides, for the help.
        maximum: Largest seed; None for any.

    Returns:
        A decorator.
    """
    return click.option(
        "--seed", type=click.IntRange(0, maximum), default=0, show_default=True, help=text
    )


def default_ks(ks: tuple[int, ...], num_items: int) -> tuple[int, ...]:
    """Returns the list lengths of `ks_option`, or their default.

    Args:
        ks: Lengths that were given.
        num_items: Number of items of the catalogue.

    Returns:
        The lengths; without any, 10 or the number of items if that is smaller.

    Raises:
        click.BadParameter: If a length is above the number of items.

    Example:
        >>> default_ks((), 1000), default_ks((), 8), default_ks((5, 20), 1000)
        ((10,), (8,), (5, 20))
    """
    if not ks:
        return (min(10, num_items),)
    if max(ks) > num_items:
        raise click.BadParameter(
            f"{max(ks)} is above the {num_items:,} items of the catalogue.", param_hint="--k"
        )
    return ks


def check_item_or_picture(item_id: str | None, picture: Path | None, category: str | None) -> None:
    """Checks that `--item`, or both `--picture` and `--category`, were given.

    Args:
        item_id: Value of `--item`.
        picture: Value of `--picture`.
        category: Value of `--category`.

    Raises:
        click.UsageError: If they were not.
    """
    if (item_id is None) == (picture is None):
        raise click.UsageError("give either --item, or --picture and --category.")
    if (picture is None) != (category is None):
        raise click.UsageError("--picture and --category go together.")
