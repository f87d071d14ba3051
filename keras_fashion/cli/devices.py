"""The option that says on what to train."""

import click


class DevicesParam(click.ParamType):
    """`auto`, `cpu`, `multi-worker` or a whole number from 1 on."""

    name = "auto|cpu|N|multi-worker"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value, if it is one."""
        if value in ("auto", "cpu", "multi-worker") or (value.isdecimal() and int(value) > 0):
            return value
        self.fail(f"{value!r} is none of auto, cpu, multi-worker and a number of devices.")
