# Written by `make stubs`; change `__init__.py` instead.
from .averages import encoder_inputs as encoder_inputs
from .averages import picture_averages as picture_averages
from .classifier import category_classifier as category_classifier
from .evaluation_classifier import EvaluationClassifier as EvaluationClassifier
from .evaluation_classifier import train_evaluation_classifier as train_evaluation_classifier
from .frozen import frozen_features as frozen_features
from .pretrained import make_backbone_features as make_backbone_features
from .regions import RegionBank as RegionBank
from .regions import region_bank as region_bank
from .style import item_style as item_style
