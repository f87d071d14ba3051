"""Amazon Reviews, of three editions."""

from keras_fashion.datasets.amazon.amazon_reviews import AmazonReviews

__all__ = ["AmazonReviews"]
