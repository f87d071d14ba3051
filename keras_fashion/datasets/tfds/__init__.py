"""Image classification sets of TensorFlow Datasets."""

from keras_fashion.datasets.tfds.tfds_classification import TFDSClassification

__all__ = ["TFDSClassification"]
