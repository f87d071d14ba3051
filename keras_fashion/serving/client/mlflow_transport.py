"""MLflow's scoring server, as `deploy/mlflow` starts it."""

from collections.abc import Mapping
from typing import Any

from keras_fashion.serving.client.rest_transport import RestTransport


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
