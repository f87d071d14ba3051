"""The search for the settings of a recommender, on the validation part only."""

import lazy_loader

# Loaded on first use: the command line answers without waiting for TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "results": ["Tuning"],
        "search": ["tune_recommender"],
        "trials": ["Trial"],
    },
)
