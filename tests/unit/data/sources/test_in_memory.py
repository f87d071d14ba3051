import pandas as pd
import pytest

from keras_fashion.data.sources.in_memory import InMemory
from keras_fashion.errors import InputError

ITEMS = pd.DataFrame({"item": ["a", "b"], "category": ["Tops", None], "picture": [b"1", b"2"]})


def test_a_missing_text_is_empty_and_the_index_is_not_kept(tmp_path):
    bought = pd.DataFrame({"user": [None, "ann"], "item": ["a", "b"]}, index=["x", "y"])
    source = InMemory(ITEMS.assign(color=["red", float("nan")]), bought)
    assert source.attributes == ("color",)
    items = source.items(None, tmp_path)
    assert items["category"].tolist() == ["Tops", ""]
    assert items["color"].tolist() == ["red", ""]
    assert source.interactions()["user"].tolist() == ["", "ann"]
    assert list(source.interactions().index) == [0, 1]
    assert source.read_picture(b"1") == b"1"


def test_numbers_and_missing_columns_are_refused():
    with pytest.raises(InputError, match="column 'item' of items is not text"):
        InMemory(ITEMS.assign(item=[1, 2]))
    with pytest.raises(InputError, match="column 'user' of interactions is not text"):
        InMemory(ITEMS, pd.DataFrame({"user": [7], "item": ["a"]}))
    with pytest.raises(InputError, match="items has no column category"):
        InMemory(ITEMS.drop(columns="category"))
