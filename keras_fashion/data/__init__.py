"""From a source of data to a prepared catalogue, its splits and its tf.data pipelines."""

import lazy_loader

# Loaded on first use: not all of it needs TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "columns": ["Attribute"],
        "catalogue": ["Catalogue"],
        "pictures": ["decode_picture", "scale", "unscale"],
        "pipelines": ["labeled_pictures", "picture_batches", "triplets"],
        "preparation": ["check", "prepare"],
        "split": ["Split", "leave_one_out", "read_split"],
    },
)
