"""Training of models on a prepared catalogue into run folders, for commands and recipes."""

import lazy_loader

# Loaded on first use: the command line reads the options without waiting for TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "gan": ["train_gan"],
        "options": ["CheckpointSchedule", "GANOptions", "recommender_options"],
        "recommenders": ["train_recommender"],
    },
)
