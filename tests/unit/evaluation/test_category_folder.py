import pytest

from keras_fashion.evaluation.picture_set import category_to_folder, folder_to_category


@pytest.mark.parametrize(
    ("category", "folder"),
    [
        ("Socks & Tights", "Socks & Tights"),
        ("Männer", "Männer"),
        ("Women/Tops", "Women%2FTops"),
        ("..", "%2E%2E"),
        (".hidden", "%2Ehidden"),
        ("50%", "50%25"),
        ("a:b\\c", "a%3Ab%5Cc"),
        ("dress ", "dress%20"),
    ],
)
def test_there_and_back(category, folder, tmp_path):
    assert category_to_folder(category) == folder
    assert folder_to_category(folder) == category
    (tmp_path / folder).mkdir()
    assert [each.name for each in tmp_path.iterdir()] == [folder]
