"""Pictures fetched from servers that nobody vouches for."""

from keras_fashion.data.sources.web_pictures.picture_fetcher import PictureFetcher

__all__ = ["PictureFetcher"]
