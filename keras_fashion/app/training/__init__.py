"""From a prepared catalogue to a run folder: what the commands and the recipes both call."""

import lazy_loader

# Loaded on first use: the command line reads the options without waiting for TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "existing_run": ["finished_or_trained"],
        "gan": ["train_gan"],
        "options": [
            "BPRMFOptions",
            "BiasedMFOptions",
            "CategoryFrequencyOptions",
            "CategoryPopularityOptions",
            "DVBPROptions",
            "FMOptions",
            "GANOptions",
            "PopRankOptions",
            "RandomOptions",
            "VBPROptions",
            "VisRankMaxOptions",
            "VisRankOptions",
            "WARPOptions",
        ],
        "recommenders": ["train_recommender"],
    },
)
