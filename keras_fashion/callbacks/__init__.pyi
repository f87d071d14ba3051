# Written by `make stubs`; change `__init__.py` instead.
from .generation_metrics import GenerationMetrics as GenerationMetrics
from .mode_collapse import ModeCollapseMonitor as ModeCollapseMonitor
from .realism_calibrator import RealismCalibrator as RealismCalibrator
from .sample_grid import SampleGrid as SampleGrid
from .validation_auc import ValidationAUC as ValidationAUC
