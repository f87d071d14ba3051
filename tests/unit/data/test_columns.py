from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_fashion.data.columns import (
    Attribute,
    describing_attributes,
    differing_attributes,
    factorize,
    index_in,
    item_columns,
)
from keras_fashion.errors import InputError


@given(st.lists(st.lists(st.sampled_from(["", "a", "é", "B", "10", "9"]), min_size=1), min_size=1))
def test_factorize_is_that_of_numpy(chunks):
    attribute = factorize(pa.chunked_array(chunks, pa.string()))
    texts = [text for chunk in chunks for text in chunk]
    values, codes = np.unique(texts, return_inverse=True)
    assert attribute.values.tolist() == values.tolist()
    assert attribute.codes.tolist() == codes.tolist()
    assert attribute.codes.dtype == np.int32


def test_index_in_refuses_what_is_missing():
    column = pa.chunked_array([["b", "a"], ["b"]])
    assert index_in(column, pa.array(["a", "b"])).tolist() == [1, 0, 1]
    with pytest.raises(KeyError, match="2 values"):
        index_in(column, pa.array(["a"]))


def test_columns_are_numbered_jointly():
    columns = {
        "category": Attribute(np.array(["Bags", "Tops"]), np.array([1, 0, 1], np.int32)),
        "color": Attribute(np.array(["", "blue", "red"]), np.array([2, 1, 0], np.int32)),
    }
    catalogue = SimpleNamespace(name="shop", columns=columns)
    numbers, num_values = item_columns(catalogue, ["color", "category"])
    assert numbers.tolist() == [[2, 4], [1, 3], [0, 4]]
    assert (numbers.dtype, num_values) == (np.int32, 5)
    for names, message in (
        (["size"], "shop has no column 'size'; it has category, color .*`attribute_columns`"),
        ([], r"columns \(none\): name each once, at least one"),
        (["color", "color"], "columns color, color: name each once"),
    ):
        with pytest.raises(InputError, match=message):
            item_columns(catalogue, names)


def test_attributes_that_differ_and_are_known():
    attributes = {
        "color": Attribute(np.array(["blue", "red"]), np.array([1, 0], np.int32)),
        "season": Attribute(np.array(["", "summer"]), np.array([1, 0], np.int32)),
        "sleeve": Attribute(np.array(["long", "short"]), np.array([0, 0], np.int32)),
    }
    assert differing_attributes(attributes, 0, 1) == {"color": ("red", "blue")}
    assert differing_attributes(attributes, 1, 0) == {"color": ("blue", "red")}
    assert differing_attributes({}, 0, 1) == {}


def test_days_on_sale_do_not_describe_an_item():
    names = ["color", "on_sale_from", "on_sale", "on_sale_until"]
    column = Attribute(np.array(["a"]), np.array([0], np.int32))
    kept = describing_attributes(dict.fromkeys(names, column))
    assert kept == {"color": column, "on_sale": column}
