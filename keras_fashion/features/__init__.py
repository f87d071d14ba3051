"""Frozen features of items, from a classifier, from attributes or from a pretrained network."""

import lazy_loader

# Modules are loaded on first use, because TensorFlow takes seconds to load.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "averages": ["encoder_inputs", "picture_averages"],
        "classifier": ["category_classifier"],
        "evaluation_classifier": ["EvaluationClassifier", "train_evaluation_classifier"],
        "frozen": ["frozen_features"],
        "pretrained": ["make_backbone_features"],
        "regions": ["RegionBank", "region_bank"],
        "style": ["item_style"],
    },
)
