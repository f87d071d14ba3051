"""Requests by HTTP, to TensorFlow Serving's REST interface and to MLflow's."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import urllib3

from keras_fashion.serving.client.transport import (
    NEWEST,
    ModelVersion,
    RequestRefused,
    ServerUnavailable,
    Transport,
    plain_reason,
)

AGAIN = (429, 500, 502, 503, 504)
"""Answers after which it is worth asking again: nothing that is asked changes the server."""

CONNECTIONS = 32


class Retry(urllib3.Retry):
    """Asks again where there was no server or it had too much to do, but not where it was slow.

    A design that takes longer than the client waits would be computed once more for each try.
    """

    def increment(self, *args: Any, error: Exception | None = None, **kwargs: Any) -> "Retry":
        """The next try, or the error that ends it."""
        if isinstance(error, urllib3.exceptions.ReadTimeoutError):
            raise error
        return super().increment(*args, error=error, **kwargs)


class RestTransport(Transport):
    """Requests in columns (`inputs`), as TensorFlow Serving's "RESTful API" has them.

    Args:
        address: Such as "http://localhost:8501".
        timeout: Seconds that a try waits for the server's next bytes.
        retries: How often a try is repeated: at once, then after about .4, .8 and so on seconds.
        version: Of the models.
    """

    def __init__(
        self, address: str, timeout: float, retries: int, version: ModelVersion = NEWEST
    ) -> None:
        self.address = address.rstrip("/")
        self.version = version
        self._pool = urllib3.PoolManager(
            maxsize=CONNECTIONS,
            timeout=timeout,
            retries=Retry(
                retries,
                status_forcelist=AGAIN,
                allowed_methods=None,
                backoff_factor=0.2,
                backoff_jitter=0.1,
                respect_retry_after_header=False,  # which may say hours
                raise_on_status=False,
            ),
        )

    def predict(
        self, model: str, signature: str, inputs: Mapping[str, Any], outputs: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """As of `Transport`."""
        url = self.url(model)
        try:
            answer = self._pool.request("POST", url, json=self.body(model, signature, inputs))
        except urllib3.exceptions.HTTPError as error:
            raise ServerUnavailable(f"{url}: no answer ({error})") from error
        if answer.status != 200:
            refused = 400 <= answer.status < 500 and answer.status not in AGAIN
            kind = RequestRefused if refused else ServerUnavailable
            raise kind(f"{url}, {signature}: {self._said(answer.data)}", answer.status)
        try:
            found = self.outputs(json.loads(answer.data))
            # Of a signature with one output, TensorFlow Serving leaves out its name.
            named = {outputs[0]: found} if len(outputs) == 1 else found
            return {name: _decoded(name, named[name]) for name in outputs}
        except (ValueError, KeyError, TypeError) as error:
            raise ServerUnavailable(
                f"{url}, {signature}: the answer is not that of such a model ({error!r})"
            ) from error

    def close(self) -> None:
        """Closes all connections."""
        self._pool.clear()

    def url(self, model: str) -> str:
        """Where a model's requests go."""
        number, label = self.version
        which = "" if number is None else f"/versions/{number}"
        which = which if label is None else f"/labels/{label}"
        return f"{self.address}/v1/models/{model}{which}:predict"

    def body(self, model: str, signature: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What is sent; bytes travel as base64."""
        columns = {name: _encoded(value) for name, value in inputs.items()}
        return {"signature_name": signature, "inputs": columns}

    def outputs(self, answer: dict[str, Any]) -> Any:
        """The columns of an answer."""
        return answer["outputs"]

    def reason(self, answer: dict[str, Any]) -> str:
        """Why there are none."""
        return answer["error"]

    def _said(self, data: bytes) -> str:
        try:
            return plain_reason(self.reason(json.loads(data)))
        except (ValueError, KeyError, TypeError):
            return data[:1000].decode("utf-8", "replace")


def _encoded(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    return [_encoded(each) for each in value] if isinstance(value, list) else value


def _decoded(name: str, values: Any) -> np.ndarray:
    # As TensorFlow Serving tells pictures from text.
    if name.endswith("_bytes"):
        return np.array([base64.b64decode(value["b64"]) for value in values], object)
    return np.array(values)


class MLflowTransport(RestTransport):
    """TensorFlow Serving's columns, at the address and in the envelope of MLflow.

    Args:
        address: Such as "mlflow://127.0.0.1:5001".
        timeout: As of `RestTransport`.
        retries: As of `RestTransport`.
    """

    def __init__(self, address: str, timeout: float, retries: int) -> None:
        super().__init__(f"http://{address.removeprefix('mlflow://')}", timeout, retries)

    def url(self, model: str) -> str:
        """One for all models."""
        return f"{self.address}/invocations"

    def body(self, model: str, signature: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Model and signature stand beside the inputs."""
        columns = super().body(model, signature, inputs)["inputs"]
        return {"inputs": columns, "params": {"model": model, "signature": signature}}

    def outputs(self, answer: dict[str, Any]) -> Any:
        """The columns of an answer; one alone without its name, as TensorFlow Serving has it."""
        found = answer["predictions"]
        return found if len(found) > 1 else next(iter(found.values()))

    def reason(self, answer: dict[str, Any]) -> str:
        """Why there are none."""
        return answer["message"]
