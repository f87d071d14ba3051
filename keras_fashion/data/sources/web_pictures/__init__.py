"""Pictures of items, downloaded from addresses that nobody has checked."""

from keras_fashion.data.sources.web_pictures.picture_fetcher import PictureFetcher

__all__ = ["PictureFetcher"]
