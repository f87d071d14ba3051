"""A source for a shop's own export: tables and pictures."""

from keras_fashion.data.sources.shop.shop_files import ShopFiles

__all__ = ["ShopFiles"]
