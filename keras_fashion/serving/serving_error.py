"""What may go wrong between a client and a server."""


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
    """The server could not be reached, did not answer in time or failed, however often asked."""
