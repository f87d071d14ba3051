"""Exported models: a recommender and a designer that need TensorFlow and nothing else."""

from keras_fashion.serving.export import export

__all__ = ["export"]
