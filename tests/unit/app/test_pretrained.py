import pytest

from keras_fashion.app import pretrained_training, unpack_pretrained
from keras_fashion.errors import InputError


def test_a_folder_that_is_taken_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="exists and is not an empty folder"):
        unpack_pretrained("atelier", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_how_they_were_trained_names_no_place_of_the_machine():
    runs = pretrained_training("atelier")["runs"]
    for config in runs.values():
        assert not {"catalogue", "fingerprint", "versions"} & set(config)
    assert runs["gan"]["options"]["start_from"] is None
