"""Losses of recommenders and of GANs."""
