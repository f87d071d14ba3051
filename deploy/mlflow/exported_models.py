"""The exported models as one MLflow model, for `mlflow models serve`.

It needs MLflow and TensorFlow, and nothing of keras-fashion. Requests are TensorFlow Serving's:
`{"inputs": {...}, "params": {"model": "recommender", "signature": "recommend"}}`; pictures travel
as `{"b64": ...}` both ways. Answers are `{"predictions": {...}}`, in columns.

As TensorFlow Serving does, it looks for versions while it runs, and serves the highest that loads.
"""

import base64
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import tensorflow as tf
from mlflow.protos import databricks_pb2 as codes

LOOK_EVERY = 1.0
"""Seconds between looks for a new version."""


class Unanswered(mlflow.MlflowException):
    """A request that has no answer, with the reason and no more."""

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
        self.broken: set[Path] = set()
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
            signature, inputs = self._asked(model_input, params)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"[:1000]
            raise Unanswered(reason, codes.INVALID_PARAMETER_VALUE) from error
        try:
            answer = signature(**inputs)
        except tf.errors.InvalidArgumentError as error:
            raise Unanswered(error.message, codes.INVALID_PARAMETER_VALUE) from error
        except tf.errors.UnavailableError as error:  # too many wait
            raise Unanswered(error.message, codes.TEMPORARILY_UNAVAILABLE) from error
        except tf.errors.OpError as error:
            raise Unanswered(error.message, codes.INTERNAL_ERROR) from error
        return {name: _encoded(name, value.numpy()) for name, value in answer.items()}

    def _asked(
        self, model_input: dict[str, Any], params: dict[str, Any] | None
    ) -> tuple[Callable[..., dict[str, tf.Tensor]], dict[str, tf.Tensor]]:
        """The signature that is asked, and its inputs."""
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
        for name, each in inputs.items():
            if not specs[name].shape.is_compatible_with(each.shape):
                raise ValueError(f"{name} is of shape {specs[name].shape}, got {each.shape}")
        return signature, inputs

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_EVERY)
            try:
                self._look()
            except OSError as error:  # the folder is not there for a while
                print(f"{self.folder} cannot be read: {error}", flush=True)

    def _look(self) -> None:
        """Serves the newest version of each model, or the newest that can be loaded."""
        for folder in self.folder.iterdir():
            versions = [int(path.name) for path in folder.glob("*") if path.name.isdecimal()]
            for version in sorted(versions, reverse=True):
                if self.serving.get(folder.name, (None,))[0] == version:
                    break
                path = folder / str(version)
                if path in self.broken:
                    continue
                try:
                    # Requests in flight go on with the model that they began with.
                    self.serving[folder.name] = version, tf.saved_model.load(str(path))
                except Exception as error:  # whatever is wrong with it, others are served
                    self.broken.add(path)
                    print(f"{path} cannot be loaded: {error}", flush=True)
                else:
                    print(f"serving {path}", flush=True)
                    break


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
