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

RETRIED_STATUSES = (429, 500, 502, 503, 504)
"""Statuses after which a request is repeated; no request changes the server."""

MAX_CONNECTIONS = 32
"""Largest number of connections that are kept open."""


class Retry(urllib3.Retry):
    """Repeats a request to a server that is absent or busy, but not to one that is slow.

    A slow server goes on computing the first request, so each repetition would add to its work.
    """

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: urllib3.BaseHTTPResponse | None = None,
        error: Exception | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> "Retry":
        """Returns the next try, or raises the error that ends the request."""
        if isinstance(error, urllib3.exceptions.ReadTimeoutError):
            raise error
        return super().increment(method, url, response, error, *args, **kwargs)


class RestTransport(Transport):
    """Sends requests in the column format of TensorFlow Serving's RESTful API.

    Args:
        address: Address such as "http://localhost:8501".
        timeout: Seconds that a try waits for the server's next bytes.
        retries: Number of times a request is repeated: at once, then after about .4, .8 and so on
            seconds.
        version: Version of the models.
    """

    def __init__(
        self, address: str, timeout: float, retries: int, version: ModelVersion = NEWEST
    ) -> None:
        self.address = address.rstrip("/")
        self.version = version
        self._pool = urllib3.PoolManager(
            maxsize=MAX_CONNECTIONS,
            timeout=timeout,
            retries=Retry(
                retries,
                status_forcelist=RETRIED_STATUSES,
                allowed_methods=None,
                backoff_factor=0.2,
                backoff_jitter=0.1,
                respect_retry_after_header=False,  # which may ask for hours
                raise_on_status=False,
            ),
        )

    def predict(
        self, model: str, signature: str, inputs: Mapping[str, Any], outputs: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """Calls a signature; see `Transport.predict`."""
        url = self.url(model)
        try:
            answer = self._pool.request("POST", url, json=self.body(model, signature, inputs))
        except urllib3.exceptions.HTTPError as error:
            raise ServerUnavailable(f"{url}: no answer ({error})") from error
        if answer.status != 200:
            refused = 400 <= answer.status < 500 and answer.status not in RETRIED_STATUSES
            kind = RequestRefused if refused else ServerUnavailable
            raise kind(f"{url}, {signature}: {self._reason_in(answer.data)}", answer.status)
        try:
            found = self.outputs(json.loads(answer.data))
            # TensorFlow Serving leaves out the name of an output that is the only one.
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
        """Returns the address of a model."""
        version = ""
        if self.version.number is not None:
            version = f"/versions/{self.version.number}"
        if self.version.label is not None:
            version = f"/labels/{self.version.label}"
        return f"{self.address}/v1/models/{model}{version}:predict"

    def body(self, model: str, signature: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the content of a request, with bytes as base64."""
        columns = {name: _encoded(value) for name, value in inputs.items()}
        return {"signature_name": signature, "inputs": columns}

    def outputs(self, answer: dict[str, Any]) -> Any:
        """Returns the outputs in an answer."""
        return answer["outputs"]

    def reason(self, answer: dict[str, Any]) -> str:
        """Returns the reason in an answer without outputs."""
        return answer["error"]

    def _reason_in(self, data: bytes) -> str:
        try:
            return plain_reason(self.reason(json.loads(data)))
        except (ValueError, KeyError, TypeError):
            return data[:1000].decode("utf-8", "replace")


class MLflowTransport(RestTransport):
    """Sends the columns of TensorFlow Serving in the envelope of MLflow's scoring server.

    Args:
        address: Address such as "mlflow://127.0.0.1:5001".
        timeout: See `RestTransport`.
        retries: See `RestTransport`.
    """

    def __init__(self, address: str, timeout: float, retries: int) -> None:
        super().__init__(f"http://{address.removeprefix('mlflow://')}", timeout, retries)

    def url(self, model: str) -> str:
        """Returns the address, which is the same for all models."""
        return f"{self.address}/invocations"

    def body(self, model: str, signature: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the content of a request, which contains the names of model and signature."""
        columns = super().body(model, signature, inputs)["inputs"]
        return {"inputs": columns, "params": {"model": model, "signature": signature}}

    def outputs(self, answer: dict[str, Any]) -> Any:
        """Returns the outputs in an answer; a single one without its name, as `RestTransport`."""
        found = answer["predictions"]
        return found if len(found) > 1 else next(iter(found.values()))

    def reason(self, answer: dict[str, Any]) -> str:
        """Returns the reason in an answer without outputs."""
        return answer["message"]


def _encoded(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    return [_encoded(each) for each in value] if isinstance(value, list) else value


def _decoded(name: str, values: Any) -> np.ndarray:
    # TensorFlow Serving tells bytes from text by the ending of the output's name.
    if name.endswith("_bytes"):
        return np.array([base64.b64decode(value["b64"]) for value in values], object)
    return np.array(values)
