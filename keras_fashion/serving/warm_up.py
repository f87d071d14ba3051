"""The requests with which TensorFlow Serving warms up before it answers those of others."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog, PredictLog

FILE = "tf_serving_warmup_requests"
"""The name of the file in `assets.extra` that TensorFlow Serving reads."""


def write_warm_up(
    extra: Path,
    model: str,
    signatures: Mapping[str, tf.types.experimental.ConcreteFunction],
    requests: Mapping[str, Mapping[str, Any]],
) -> None:
    """Writes one request to each signature, as the `PredictionLog`s of a TFRecord file.

    Args:
        extra: The folder `assets.extra` of an exported model.
        model: Name of the model.
        signatures: Signatures by name.
        requests: Inputs for each name of a signature: values, or nested lists of values, by name.

    Example:
        >>> @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, "k")])
        ... def double(k):
        ...     return {"result": 2 * k}
        >>> signatures = {"double": double.get_concrete_function()}
        >>> write_warm_up(Path("."), "doubler", signatures, {"double": {"k": [3]}})
        >>> (record,) = tf.data.TFRecordDataset(FILE)
        >>> log = PredictionLog.FromString(record.numpy())
        >>> log.predict_log.request.model_spec.signature_name
        'double'
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
