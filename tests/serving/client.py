"""Calls every signature of exported models in a process that knows TensorFlow only.

Usage: python client.py questions.json answers.npz
"""

import json
import sys

# Importing them is an error from here on; TensorFlow itself goes on without Keras.
sys.modules["keras"] = sys.modules["keras_fashion"] = None

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

with open(sys.argv[1], encoding="utf-8") as file:
    questions = json.load(file)
models = {path: tf.saved_model.load(path) for path in {q["model"] for q in questions}}

DTYPES = {"k": tf.int32, "count": tf.int32, "seed": tf.int32, "eta": tf.float32}
answers = {}
for question in questions:
    inputs = {
        name: tf.constant(
            [bytes.fromhex(value) for value in values] if name == "image_bytes" else values,
            DTYPES.get(name, tf.string),
        )
        for name, values in question["inputs"].items()
    }
    signature = models[question["model"]].signatures[question["signature"]]
    try:
        outputs = {name: value.numpy() for name, value in signature(**inputs).items()}
    except tf.errors.InvalidArgumentError as error:
        outputs = {"error": str(error)}
    for name, value in outputs.items():
        if name == "image_bytes":
            value = [tf.io.decode_png(png).numpy() for png in value]
        value = np.asarray(value)
        answers[f"{question['name']}/{name}"] = value.astype(str) if value.dtype == "O" else value

np.savez(sys.argv[2], **answers)
