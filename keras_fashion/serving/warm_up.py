"""Requests that a server answers to itself before it takes those of others."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog, PredictLog

FILE = "tf_serving_warmup_requests"
"""In `assets.extra`, as TensorFlow Serving looks for it."""


def write_warm_up(
    extra: Path,
    model: str,
    signatures: Mapping[str, tf.types.experimental.ConcreteFunction],
    requests: Mapping[str, Mapping[str, Any]],
) -> None:
    """Writes `PredictionLog`s, one a signature, as the records of a TFRecord file.

    Args:
        extra: The folder `assets.extra` of an exported model.
        model: Its name.
        signatures: By name.
        requests: Signature to its inputs: name to a value, or to nested lists of values.
    """
    with tf.io.TFRecordWriter(str(extra / FILE)) as file:
        for name, inputs in requests.items():
            request = PredictRequest()
            request.model_spec.name = model
            request.model_spec.signature_name = name
            for spec in signatures[name].structured_input_signature[0]:
                proto = tf.make_tensor_proto(inputs[spec.name], spec.dtype)
                request.inputs[spec.name].CopyFrom(proto)
            file.write(PredictionLog(predict_log=PredictLog(request=request)).SerializeToString())
