"""Requests by gRPC to TensorFlow Serving."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from keras_fashion.serving.client.transport import (
    NEWEST,
    ModelVersion,
    RequestRefused,
    ServerUnavailable,
    Transport,
    plain_reason,
)

DTYPES = {str: tf.string, bytes: tf.string, bool: tf.bool, int: tf.int32, float: tf.float32}
"""The dtypes of Python's values in the exported signatures."""

REFUSED = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
}
"""Statuses after which repeating a request does not help."""

MAX_RETRIES = 4
"""Largest number of retries that gRPC supports."""

MAX_MESSAGE_BYTES = 64 * 2**20
"""Largest size of a message; several designs may exceed gRPC's default limit of 4 MiB."""


class GrpcTransport(Transport):
    """Sends requests as `PredictRequest`s.

    Args:
        address: Address such as "grpc://localhost:8500", or "grpcs://..." with TLS.
        timeout: Seconds for a request with all its tries.
        retries: Number of times a request is repeated while the server is not available, at most
            MAX_RETRIES.
        version: Version of the models.
    """

    def __init__(
        self, address: str, timeout: float, retries: int, version: ModelVersion = NEWEST
    ) -> None:
        scheme, _, self.target = address.partition("://")
        self.timeout = timeout
        self.version = version
        options: list[tuple[str, Any]] = [
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ]
        if retries:
            policy = {
                "maxAttempts": min(retries, MAX_RETRIES) + 1,
                "initialBackoff": "0.2s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            }
            config = {"methodConfig": [{"name": [{}], "retryPolicy": policy}]}
            options.append(("grpc.service_config", json.dumps(config)))
        if scheme == "grpcs":
            credentials = grpc.ssl_channel_credentials()
            self._channel = grpc.secure_channel(self.target, credentials, options)
        else:
            self._channel = grpc.insecure_channel(self.target, options)
        self._stub = PredictionServiceStub(self._channel)

    def predict(
        self, model: str, signature: str, inputs: Mapping[str, Any], outputs: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """Calls a signature; see `Transport.predict`."""
        request = PredictRequest()
        request.model_spec.name = model
        request.model_spec.signature_name = signature
        if self.version.number is not None:
            request.model_spec.version.value = self.version.number
        if self.version.label is not None:
            request.model_spec.version_label = self.version.label
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value, _dtype(value)))
        try:
            answer = self._stub.Predict(request, timeout=self.timeout)
        except grpc.RpcError as error:
            kind = RequestRefused if error.code() in REFUSED else ServerUnavailable
            message = f"{self.target}, {model}, {signature}: {plain_reason(error.details())}"
            raise kind(message, error.code().name) from error
        missing = set(outputs) - set(answer.outputs)
        if missing:
            raise ServerUnavailable(
                f"{self.target}, {model}, {signature}: the answer is not that of such a model "
                f"(it lacks {', '.join(sorted(missing))})"
            )
        return {name: _decoded(name, answer.outputs[name]) for name in outputs}

    def close(self) -> None:
        """Closes the channel."""
        self._channel.close()


def _dtype(value: Any) -> tf.DType:
    if isinstance(value, np.ndarray):
        return tf.as_dtype(value.dtype)
    while isinstance(value, list) and value:
        value = value[0]
    return next((dtype for kind, dtype in DTYPES.items() if isinstance(value, kind)), tf.string)


def _decoded(name: str, proto: Any) -> np.ndarray:
    array = tf.make_ndarray(proto)
    if array.dtype != object or name.endswith("_bytes"):
        return array
    return np.array([each.decode() for each in array.ravel()], str).reshape(array.shape)
