"""TensorFlow Serving's gRPC interface."""

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
"""Of Python's values, as the exported signatures take them."""

REFUSED = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
}

MOST_RETRIES = 4
"""That gRPC knows."""

LARGEST_MESSAGE = 64 * 2**20
"""Bytes; gRPC's own limit of 4 MiB is less than a page of designs."""


class GrpcTransport(Transport):
    """Requests as `PredictRequest`s.

    Args:
        address: Such as "grpc://localhost:8500", or "grpcs://" with TLS.
        timeout: Seconds, of a request with all its tries.
        retries: How often a try is repeated while the server is not available; MOST_RETRIES
            at most.
        version: Of the models.
    """

    def __init__(
        self, address: str, timeout: float, retries: int, version: ModelVersion = NEWEST
    ) -> None:
        scheme, _, self.target = address.partition("://")
        self.timeout = timeout
        self.version = version
        options = [
            ("grpc.max_send_message_length", LARGEST_MESSAGE),
            ("grpc.max_receive_message_length", LARGEST_MESSAGE),
        ]
        if retries:
            policy = {
                "maxAttempts": min(retries, MOST_RETRIES) + 1,
                "initialBackoff": "0.2s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            }
            config = {"methodConfig": [{"name": [{}], "retryPolicy": policy}]}
            options.append(("grpc.service_config", json.dumps(config)))
        if scheme == "grpcs":
            trusted = grpc.ssl_channel_credentials()
            self._channel = grpc.secure_channel(self.target, trusted, options)
        else:
            self._channel = grpc.insecure_channel(self.target, options)
        self._stub = PredictionServiceStub(self._channel)

    def predict(
        self, model: str, signature: str, inputs: Mapping[str, Any], outputs: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """As of `Transport`."""
        request = PredictRequest()
        request.model_spec.name = model
        request.model_spec.signature_name = signature
        number, label = self.version
        if number is not None:
            request.model_spec.version.value = number
        if label is not None:
            request.model_spec.version_label = label
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
