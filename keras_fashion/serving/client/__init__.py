"""A client of servers of the exported models; it needs TensorFlow only for gRPC."""

from keras_fashion.serving.client.client import Client
from keras_fashion.serving.client.transport import RequestRefused, ServerUnavailable

__all__ = ["Client", "RequestRefused", "ServerUnavailable"]
