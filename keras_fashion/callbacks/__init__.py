"""Keras callbacks: validation of recommenders; sample grids, metrics and realism of GANs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "generation_metrics": ["GenerationMetrics"],
        "mode_collapse": ["ModeCollapseMonitor"],
        "realism_calibrator": ["RealismCalibrator"],
        "sample_grid": ["SampleGrid"],
        "validation_auc": ["ValidationAUC"],
    },
)
