"""Asks servers of the exported models; needs no TensorFlow, but over gRPC."""

from keras_fashion.serving.client.client import Client
from keras_fashion.serving.client.transport import RequestRefused, ServerUnavailable

__all__ = ["Client", "RequestRefused", "ServerUnavailable"]
