"""Fashion recommendation and design: garments that exist, and new ones, for each user.

The library is what a training script imports: `keras_fashion.data`, `models`, `losses`, `metrics`,
`optimizers`, `callbacks`, `features`, `design`, `evaluation`, `distribution` and `serving`. The
application on top of it is `keras_fashion.app`: run folders, training into them, the command line
and the report.

Example:
    >>> import keras_fashion as kf
    >>> model = kf.models.BPRMF(num_users=2, num_items=3)
    >>> model.compile(optimizer=kf.optimizers.LazyAdam(0.01), loss=kf.losses.BPR())
"""

import sys
from pathlib import Path

import lazy_loader

from keras_fashion.errors import InputError, require_platform

__version__ = "0.2.0"

try:
    # Before anything imports Keras, which would fail later and say less.
    require_platform()
except InputError as error:
    if Path(sys.argv[0]).stem == "keras-fashion":
        sys.exit(f"Error: {error}")  # The command shows no stack trace for a user's mistake.
    raise

# Loaded on first use: the command line answers without waiting for TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules={
        "app",
        "callbacks",
        "data",
        "design",
        "distribution",
        "evaluation",
        "features",
        "losses",
        "metrics",
        "models",
        "optimizers",
        "serving",
    },
    submod_attrs={"atomic_files": ["atomic_write"], "errors": ["InputError"]},
)
