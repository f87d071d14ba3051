"""Calls signatures of exported models in a process that imports TensorFlow only.

Usage: python ask_exported.py EXPORTED questions.json answers.npz quick|as-served

Answers have the names of the question and the output. "MODEL/signatures" has the names of a model's
signatures, and "MODEL/takes" the names of the inputs of each.
"""

import json
import sys

# Importing them fails from here on; TensorFlow itself works without Keras.
sys.modules["keras"] = sys.modules["keras_fashion"] = None

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

exported, questions, out, speed = sys.argv[1:]
if speed == "quick":
    # Half of a first call is spent on optimizing the graph, which is useful on servers only.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
with open(questions, encoding="utf-8") as file:
    questions = json.load(file)
models = {
    name: tf.saved_model.load(f"{exported}/{name}").signatures
    for name in {question["model"] for question in questions.values()}
}


def from_hex(value):
    return bytes.fromhex(value) if isinstance(value, str) else [from_hex(each) for each in value]


answers = {}
for name, model in models.items():
    takes = {each: sorted(model[each].structured_input_signature[1]) for each in model}
    answers[f"{name}/signatures"] = np.array(list(takes))
    answers[f"{name}/takes"] = np.array([" ".join(names) for names in takes.values()])

for question_name, question in questions.items():
    signature = models[question["model"]][question["signature"]]
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

np.savez(out, **answers)
