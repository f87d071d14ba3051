import numpy as np

from keras_fashion.data.columns import Attribute, differing_attributes


def test_attributes_that_differ_and_are_known():
    attributes = {
        "color": Attribute(np.array(["blue", "red"]), np.array([1, 0], np.int32)),
        "season": Attribute(np.array(["", "summer"]), np.array([1, 0], np.int32)),
        "sleeve": Attribute(np.array(["long", "short"]), np.array([0, 0], np.int32)),
    }
    assert differing_attributes(attributes, 0, 1) == {"color": ("red", "blue")}
    assert differing_attributes(attributes, 1, 0) == {"color": ("blue", "red")}
    assert differing_attributes({}, 0, 1) == {}
