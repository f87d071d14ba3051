"""Training on several devices and machines.

`devices` creates the strategy, `global_batch` has what replicas exchange within a step, and
`workers` what machines exchange between steps.
"""

import lazy_loader

# Modules are imported on first use, because they import TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "devices": ["strategy_for"],
        "global_batch": [
            "divide_by_replicas",
            "gather_rows",
            "local_rows",
            "mean_of_replicas",
            "num_replicas",
        ],
        "workers": ["Workers"],
    },
)
