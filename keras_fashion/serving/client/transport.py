"""How a client reaches a server: the abstract base of the two ways that TensorFlow Serving has."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


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
