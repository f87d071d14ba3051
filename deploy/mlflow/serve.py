"""Serves a folder of exported models with MLflow's scoring server.

Usage: python serve.py SAVED_MODELS [--host 127.0.0.1] [--port 5001]
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import mlflow
from mlflow.models import ModelSignature
from mlflow.types.schema import ParamSchema, ParamSpec


def main() -> int:
    """Makes an MLflow model of `exported_models.py` and serves it until stopped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("saved_models", type=Path, help="holds <model>/<version>/")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="5001")
    options = parser.parse_args()
    if not any(options.saved_models.glob("*/*/saved_model.pb")):
        print(
            f"{options.saved_models} holds no exported models; make some with "
            "`keras-fashion export` or `make demo`.",
            file=sys.stderr,
        )
        return 2
    signature = ModelSignature(
        params=ParamSchema(
            [
                ParamSpec("model", "string", "recommender"),
                ParamSpec("signature", "string", "serving_default"),
            ]
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        # Given, or MLflow would look for what the code needs by loading it.
        needed = [f"mlflow=={mlflow.__version__}", "tensorflow"]
        mlflow.pyfunc.save_model(
            model,
            python_model=str(Path(__file__).with_name("exported_models.py")),
            signature=signature,
            pip_requirements=needed,
        )
        command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(model)]
        where = ["--env-manager", "local", "--host", options.host, "--port", options.port]
        environment = os.environ | {
            "SAVED_MODELS": str(options.saved_models.resolve()),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",  # for its uvicorn
        }
        try:
            return subprocess.run(command + where, env=environment).returncode
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())
