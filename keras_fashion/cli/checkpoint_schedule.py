"""The option that says when to write checkpoints."""

import click

from keras_fashion.training.checkpoint_schedule import CheckpointSchedule


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
