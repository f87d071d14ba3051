"""How far a training has come: what is in its checkpoints beside numbers of the model."""

import json
from typing import Any

import tensorflow as tf

KEPT = ("epoch", "batch", "sums", "seconds", "noted")


class Progress(tf.train.experimental.PythonState):
    """The position of a training, which a checkpoint keeps together with its weights.

    Attributes:
        epoch: How many epochs are over, their row in `history.csv` included.
        batch: How many steps of the next one are done.
        sums: Of each of the model's metrics over these steps, with what they are divided by.
        seconds: Trained so far.
        noted: What callbacks need to know of earlier epochs, by name.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.batch = 0
        self.sums: dict[str, tuple[float, float]] = {}
        self.seconds = 0.0
        self.noted: dict[str, Any] = {}

    def serialize(self) -> str:
        """As JSON; TensorFlow calls it when it writes a checkpoint."""
        return json.dumps({name: getattr(self, name) for name in KEPT})

    def deserialize(self, string_value: str) -> None:
        """From JSON; TensorFlow calls it when it reads one."""
        for name, value in json.loads(string_value).items():
            setattr(self, name, value)
