"""The abstract base of the transports to a server, and the errors that they raise."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


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


class ModelVersion(NamedTuple):
    """Which version of a model is asked; the server's newest unless one of the two is given.

    Attributes:
        number: Of the version.
        label: Such as "stable", which the server's configuration gives to a version.
    """

    number: int | None = None
    label: str | None = None


NEWEST = ModelVersion()


class Transport(ABC):
    """Carries requests to one server."""

    @abstractmethod
    def predict(
        self, model: str, signature: str, inputs: Mapping[str, Any], outputs: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """Calls a signature.

        Args:
            model: Its name.
            signature: Its name.
            inputs: Name to an array, or to a str, bytes, bool, int or float, or nested lists of
                one of them.
            outputs: Names of what is expected.

        Returns:
            Those outputs; text as str, pictures as bytes.

        Raises:
            RequestRefused: If the server refuses the request.
            ServerUnavailable: If it does not answer, or what it says cannot be read.
        """

    @abstractmethod
    def close(self) -> None:
        """Gives connections back."""
