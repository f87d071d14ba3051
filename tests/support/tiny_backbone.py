"""A backbone of two convolutions in the place of a pretrained one."""

import keras

from keras_fashion.models.backbones import Backbone


def _load(weights, picture_size):
    def convolution(filters, name, seed):
        return keras.layers.Conv2D(
            *(filters, 3, 4, "same"),
            activation="relu",
            kernel_initializer=keras.initializers.GlorotUniform(seed),
            name=name,
        )

    pictures = keras.Input((*picture_size, 3))
    early = convolution(5, "early", 1)(pictures)
    late = convolution(7, "late", 2)(early)
    return keras.Model(pictures, [early, late])


TINY_BACKBONE = Backbone(_load, lambda pixels: pixels / 127.5 - 1, ("early", "late"))
"""It has 5 and 7 averages, for pictures of any size."""
