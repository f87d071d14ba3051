"""Image classification sets of TensorFlow Datasets."""

from keras_fashion.data.sources.tfds.classification import TFDSClassification

__all__ = ["TFDSClassification"]
