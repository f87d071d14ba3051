"""Opens a prepared catalogue with TFDS alone. As a script it runs without this package."""

import pickle
import sys

if __name__ == "__main__":
    sys.modules["keras_fashion"] = None  # importing it raises an ImportError

import tensorflow_datasets as tfds


def opened_by_tfds(folder):
    """Returns what TFDS knows of a catalogue, and its examples."""
    builder = tfds.builder_from_directory(folder)
    info = builder.info
    return {
        "documentation": [info.description, info.homepage, info.citation],
        "license": info.redistribution_info.license,
        "name": info.full_name,
        "splits": {name: split.num_examples for name, split in info.splits.items()},
        "features": sorted(info.features),
        "examples": {
            split: list(tfds.as_numpy(builder.as_dataset(split))) for split in info.splits
        },
        "encoded": [
            list(example["pictures"])
            for example in tfds.as_numpy(
                builder.as_dataset("items", decoders={"pictures": tfds.decode.SkipDecoding()})
            )
        ],
    }


if __name__ == "__main__":
    with open(sys.argv[2], "wb") as file:
        pickle.dump(opened_by_tfds(sys.argv[1]), file)
