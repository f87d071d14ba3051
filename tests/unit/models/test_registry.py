import pytest

from keras_fashion.errors import InputError
from keras_fashion.models.registry import RECOMMENDERS, recommender_class


@pytest.mark.parametrize("name", RECOMMENDERS)
def test_every_recommender_can_be_created_from_a_catalogue(name):
    assert callable(recommender_class(name).from_catalogue)


def test_an_unknown_name_is_refused_with_those_that_there_are():
    with pytest.raises(
        InputError, match="no recommender 'svd'; there are random, poprank, .*dvbpr"
    ):
        recommender_class("svd")
