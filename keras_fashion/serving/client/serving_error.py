"""What may go wrong between a client and a server."""

import re


class ServingError(Exception):
    """A request that has no answer.

    Attributes:
        status: HTTP's status or the name of gRPC's; None where there was no answer at all.
    """

    def __init__(self, message: str, status: int | str | None = None) -> None:
        super().__init__(message)
        self.status = status


class RequestRefused(ServingError):
    """The request is wrong, or its model or signature is not there: asking again will not help."""


class ServerUnavailable(ServingError):
    """The server could not be reached, did not answer in time, or failed."""


def plain_reason(text: str) -> str:
    """What a check inside the model says, without the graph's nodes about it; or all there is."""
    said = re.search(r"assertion failed: \[(.*?)\]\s*(\[\[|$)", text, re.DOTALL)
    return said[1] if said else text
