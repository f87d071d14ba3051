"""The exported models as one MLflow model, for `mlflow models serve`.

It needs MLflow and TensorFlow, and nothing of keras-fashion. Requests are TensorFlow Serving's:
`{"inputs": {...}, "params": {"model": "recommender", "signature": "recommend"}}`; pictures travel
as `{"b64": ...}` both ways. Answers are `{"predictions": {...}}`, in columns.

As TensorFlow Serving does, it looks for new versions while it runs, and serves the highest.
"""

import base64
import os
import re
import threading
import time
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import tensorflow as tf
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

LOOK_EVERY = 1.0
"""Seconds between looks for a new version."""


class Refused(mlflow.MlflowException):
    """A request that is wrong, answered 400 with the reason and no more."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, error_code=INVALID_PARAMETER_VALUE)

    @property
    def message(self) -> str:
        """The reason: MLflow would put the whole request, with its pictures, before it."""
        return self.reason

    @message.setter
    def message(self, text: str) -> None:
        self.__dict__.setdefault("reason", text)


class ExportedModels(mlflow.pyfunc.PythonModel):
    """All models of the folder that SAVED_MODELS names, each `<model>/<version>/`."""

    def load_context(self, context: mlflow.pyfunc.PythonModelContext) -> None:
        """Loads the newest versions, and watches for newer ones."""
        self.folder = Path(os.environ["SAVED_MODELS"])
        self.serving: dict[str, tuple[int, Any]] = {}
        self._look()
        threading.Thread(target=self._watch, daemon=True).start()

    def predict(
        self,
        context: mlflow.pyfunc.PythonModelContext,
        model_input: dict[str, Any],
        params: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Calls a signature."""
        try:
            return self._call(model_input, params)
        except tf.errors.OpError as error:
            said = re.search(r"assertion failed: \[(.*?)\]\s*\[\[", error.message, re.DOTALL)
            raise Refused(said[1] if said else error.message) from error
        except Exception as error:
            raise Refused(f"{type(error).__name__}: {error}"[:1000]) from error

    def _call(self, model_input: dict[str, Any], params: dict[str, Any] | None) -> dict[str, Any]:
        asked = {"model": "recommender", "signature": "serving_default"} | (params or {})
        if asked["model"] not in self.serving:
            raise KeyError(f"no model {asked['model']}; there are {', '.join(self.serving)}")
        _, model = self.serving[asked["model"]]
        if asked["signature"] not in model.signatures:
            raise KeyError(f"no signature {asked['signature']}: {', '.join(model.signatures)}")
        signature = model.signatures[asked["signature"]]
        specs = signature.structured_input_signature[1]
        if set(model_input) != set(specs):
            raise ValueError(f"the inputs are {', '.join(specs)}; got {', '.join(model_input)}")
        inputs = {
            name: tf.constant(_decoded(value), specs[name].dtype)
            for name, value in model_input.items()
        }
        return {name: _encoded(name, value.numpy()) for name, value in signature(**inputs).items()}

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_EVERY)
            try:
                self._look()
            except Exception as error:  # the version before goes on
                print(f"a new version cannot be loaded: {error}", flush=True)

    def _look(self) -> None:
        for folder in self.folder.iterdir():
            versions = [int(path.name) for path in folder.glob("*") if path.name.isdecimal()]
            newest = max(versions, default=0)
            if newest > self.serving.get(folder.name, (0, None))[0]:
                # Requests in flight go on with the model that they began with.
                self.serving[folder.name] = newest, tf.saved_model.load(str(folder / str(newest)))
                print(f"serving {folder.name} version {newest}", flush=True)


def _decoded(value: Any) -> Any:
    value = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    if isinstance(value, dict):
        return base64.b64decode(value["b64"], validate=True)
    return [_decoded(each) for each in value] if isinstance(value, list) else value


def _encoded(name: str, array: np.ndarray) -> Any:
    if array.dtype != object:
        return array.tolist()
    # TensorFlow Serving, too, tells pictures from text by this ending.
    if name.endswith("_bytes"):
        return [{"b64": base64.b64encode(each).decode()} for each in array]
    return np.array([each.decode() for each in array.ravel()]).reshape(array.shape).tolist()


mlflow.models.set_model(ExportedModels())
