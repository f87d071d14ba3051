"""Amazon Reviews, of three editions."""

from keras_fashion.data.sources.amazon.reviews import AmazonReviews

__all__ = ["AmazonReviews"]
