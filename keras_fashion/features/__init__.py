"""Frozen features of items: of a classifier, of the attributes, of a pretrained network."""

import lazy_loader

# Loaded on first use: not all of it needs TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "classifier": ["category_classifier"],
        "frozen": ["frozen_features"],
        "pretrained": ["make_backbone_features"],
    },
)
