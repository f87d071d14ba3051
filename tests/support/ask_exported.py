"""Calls signatures of exported models in a process that knows TensorFlow only.

Usage: python ask_exported.py questions.json answers.npz
"""

import json
import sys

# Importing them is an error from here on; TensorFlow itself goes on without Keras.
sys.modules["keras"] = sys.modules["keras_fashion"] = None

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

with open(sys.argv[1], encoding="utf-8") as file:
    questions = json.load(file)
models = {path: tf.saved_model.load(path) for path in {q["model"] for q in questions.values()}}


def from_hex(value):
    return bytes.fromhex(value) if isinstance(value, str) else [from_hex(each) for each in value]


answers = {}
for question_name, question in questions.items():
    signature = models[question["model"]].signatures[question["signature"]]
    wanted = signature.structured_input_signature[1]
    inputs = {
        name: tf.constant(from_hex(value) if name == "image_bytes" else value, wanted[name].dtype)
        for name, value in question["inputs"].items()
    }
    try:
        outputs = {name: value.numpy() for name, value in signature(**inputs).items()}
    except (tf.errors.InvalidArgumentError, ValueError) as error:
        outputs = {"error": str(error)}
    for name, value in outputs.items():
        if name == "image_bytes":
            value = [tf.io.decode_png(png).numpy() for png in value]
        value = np.asarray(value)
        value = value.astype(str) if value.dtype == "O" else value
        answers[f"{question_name}/{name}"] = value

np.savez(sys.argv[2], **answers)
