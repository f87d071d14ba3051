"""The abstract base of the transports to a server, and the errors that they raise."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


class ServingError(Exception):
    """The base of the errors of requests.

    Attributes:
        status: HTTP status or name of the gRPC status; None if there was no answer at all.
    """

    def __init__(self, message: str, status: int | str | None = None) -> None:
        super().__init__(message)
        self.status = status


class RequestRefused(ServingError):
    """Raised when the server refuses a request, so that repeating it does not help.

    The request is wrong, or there is no such model or signature.

    Example:
        >>> from keras_fashion.serving import RequestRefused
        >>> try:
        ...     raise RequestRefused("category is not known: Hats", status=400)
        ... except RequestRefused as error:
        ...     print(error.status, error)
        400 category is not known: Hats
    """


class ServerUnavailable(ServingError):
    """Raised when the server cannot be reached, does not answer in time, or fails.

    Example:
        >>> from keras_fashion.serving import ServerUnavailable
        >>> try:
        ...     raise ServerUnavailable("no answer within 30 s")
        ... except ServerUnavailable as error:
        ...     print(error, error.status)
        no answer within 30 s None
    """


def plain_reason(text: str) -> str:
    """Returns the message of a check inside the model without TensorFlow's names of nodes.

    Args:
        text: Message of a server.

    Returns:
        The message of the check, or the whole text if it is no such message.

    Example:
        >>> plain_reason("assertion failed: [category is not known: Hats] [[{{node Assert}}]]")
        'category is not known: Hats'
        >>> plain_reason("no such model")
        'no such model'
    """
    reason = re.search(r"assertion failed: \[(.*?)\]\s*(\[\[|$)", text, re.DOTALL)
    return reason[1] if reason else text


class ModelVersion(NamedTuple):
    """The version of a model that is asked; the server's newest if neither is given.

    Attributes:
        number: Number of the version.
        label: Label, such as "stable", that the server's configuration gives to a version.
    """

    number: int | None = None
    label: str | None = None


NEWEST = ModelVersion()


class Transport(ABC):
    """The abstract base of transports, which carry requests to one server."""

    @abstractmethod
    def predict(
        self, model: str, signature: str, inputs: Mapping[str, Any], outputs: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """Calls a signature.

        Args:
            model: Name of the model.
            signature: Name of the signature.
            inputs: Values by name: arrays, or str, bytes, bool, int or float, or nested lists of
                one of these.
            outputs: Names of the outputs that are expected.

        Returns:
            The outputs by name; text as str, pictures as bytes.

        Raises:
            RequestRefused: If the server refuses the request.
            ServerUnavailable: If the server does not answer, or its answer cannot be read.
        """

    @abstractmethod
    def close(self) -> None:
        """Closes all connections."""
