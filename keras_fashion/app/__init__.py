"""The application on top of the library: run folders, training, command line and report."""

import lazy_loader

# Loaded on first use: the command line answers without waiting for TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "comparison": ["compare_runs"],
        "exporting": ["export"],
        "pretrained": ["pretrained_training", "unpack_pretrained"],
        "run": ["Run", "library_versions"],
        "run_checks": [
            "require_dvbpr",
            "require_finished",
            "require_gan",
            "require_independent_dvbpr",
            "require_matching_pair",
            "require_time_terms",
        ],
        "training.gan": ["train_gan"],
        "training.options": [
            "CheckpointSchedule",
            "GANOptions",
            "ModelOptions",
            "PictureSize",
            "recommender_options",
        ],
        "training.recommenders": ["train_recommender"],
        "tuning.results": ["Tuning"],
        "tuning.search": ["tune_recommender"],
        "tuning.trials": ["Trial"],
    },
)
