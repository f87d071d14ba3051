"""Keras callbacks: validation, sample grids, and scores of a GAN in training."""
