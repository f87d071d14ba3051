"""A double of TensorFlow Serving for REST and gRPC.

It is written after the public protos and the page "RESTful API", and uses no code of the client.
"""

import base64
import json
import re
import threading
import time
from collections import deque
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictResponse
from tensorflow_serving.apis.prediction_service_pb2_grpc import (
    PredictionServiceServicer,
    add_PredictionServiceServicer_to_server,
)

LABELS = {"stable": 1}


def exported_models(folder):
    """Loads a folder of exported models for a double."""
    return {
        model.name: {
            int(version.name): tf.saved_model.load(str(version)).signatures
            for version in model.glob("[0-9]*")
        }
        for model in folder.iterdir()
    }


class ServingDouble(PredictionServiceServicer):
    """Serves models on two ports of this machine.

    Args:
        models: Signatures by name, of each version by number, of each model by name.

    Attributes:
        asked: Requests so far, as (model, version, signature).
        faults: Faults of the next requests, one for each: an HTTP status or the name of a gRPC
            status, bytes to answer, or seconds (float) to sleep.
    """

    def __init__(self, models):
        self.models, self.asked, self.faults = models, [], deque()
        self.rest = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.rest.serve_forever, daemon=True).start()
        self.grpc = grpc.server(futures.ThreadPoolExecutor(4))
        add_PredictionServiceServicer_to_server(self, self.grpc)
        self.grpc_port = self.grpc.add_insecure_port("127.0.0.1:0")
        self.grpc.start()
        self.addresses = {
            "rest": f"http://127.0.0.1:{self.rest.server_port}",
            "grpc": f"grpc://127.0.0.1:{self.grpc_port}",
        }

    def close(self):
        self.rest.shutdown()
        self.rest.server_close()
        self.grpc.stop(0).wait()

    def call(self, model, version, signature, inputs):
        """Calls a signature with the tensors that `inputs` makes for its specs.

        Raises a KeyError if there is no such model, version or signature.
        """
        self.asked.append((model, version, signature))
        versions = self.models[model]
        which = max(versions) if version is None else version
        if which not in versions:
            raise KeyError(f"Servable not found for request: {model}, {which}")
        function = versions[which][signature]
        return function(**inputs(function.structured_input_signature[1]))

    # gRPC

    def Predict(self, request, context):
        spec = request.model_spec
        fault = self.faults.popleft() if self.faults else None
        if isinstance(fault, float):
            time.sleep(fault)
        elif fault is not None:
            context.abort(grpc.StatusCode[fault], "a fault")
        version = spec.version.value if spec.HasField("version") else None
        if spec.version_label:
            version = LABELS[spec.version_label]

        def inputs(specs):
            assert set(specs) == set(request.inputs)
            found = {name: tf.make_ndarray(proto) for name, proto in request.inputs.items()}
            for name, value in specs.items():
                # TensorFlow Serving does not convert types.
                assert request.inputs[name].dtype == value.dtype.as_datatype_enum, name
            return {name: tf.constant(value) for name, value in found.items()}

        try:
            answer = self.call(spec.name, version, spec.signature_name, inputs)
        except KeyError as error:
            context.abort(grpc.StatusCode.NOT_FOUND, str(error))
        except tf.errors.InvalidArgumentError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)
        response = PredictResponse()
        for name, value in answer.items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(value.numpy()))
        return response

    # REST

    def _handler(double):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                fault = double.faults.popleft() if double.faults else None
                if isinstance(fault, float):
                    time.sleep(fault)
                if isinstance(fault, bytes):
                    return self._answer(200, fault)
                if isinstance(fault, int):
                    return self._answer(fault, {"error": "a fault"})
                try:
                    return self._answer(200, double._rest(self.path, json.loads(body)))
                except KeyError as error:
                    return self._answer(404, {"error": str(error)})
                except tf.errors.InvalidArgumentError as error:
                    return self._answer(400, {"error": error.message})

            def _answer(self, status, content):
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        return Handler

    def _rest(self, path, body):
        where = r"/v1/models/(\w+)(?:/versions/(\d+)|/labels/(\w+))?:predict"
        model, number, label = re.fullmatch(where, path).groups()
        version = LABELS[label] if label else number and int(number)
        signature = body.get("signature_name", "serving_default")

        def inputs(specs):
            return {
                name: tf.constant(_from_json(body["inputs"][name]), spec.dtype)
                for name, spec in specs.items()
            }

        answer = self.call(model, version, signature, inputs)
        columns = {name: _to_json(name, value.numpy()) for name, value in answer.items()}
        # TensorFlow Serving leaves out the name of a single output.
        return {"outputs": columns if len(columns) > 1 else next(iter(columns.values()))}


def _from_json(value):
    if isinstance(value, dict):
        return base64.b64decode(value["b64"], validate=True)
    return [_from_json(each) for each in value] if isinstance(value, list) else value


def _to_json(name, array):
    if array.dtype != object:
        return array.tolist()
    if name.endswith("_bytes"):
        return [{"b64": base64.b64encode(each).decode()} for each in array]
    return np.vectorize(bytes.decode, otypes=[object])(array).tolist()
