"""From a prepared catalogue to a run folder: what the commands and the recipes both call."""

import lazy_loader

# Loaded on first use: the command line reads the options without waiting for TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "category_classifier": ["category_classifier", "frozen_features"],
        "gan": ["train_gan"],
        "options": ["BPRMFOptions", "DVBPROptions", "GANOptions", "NoOptions", "VBPROptions"],
        "recommenders": [
            "train_bprmf",
            "train_dvbpr",
            "train_poprank",
            "train_random",
            "train_visrank",
            "train_vbpr",
        ],
    },
)
