"""Exported models, which need TensorFlow and nothing else (`export`), and a client of servers."""

from keras_fashion.serving.client import Client, RequestRefused, ServerUnavailable

__all__ = ["Client", "RequestRefused", "ServerUnavailable"]
