import pytest

from keras_fashion.written_aside import written_aside


def test_writes_beside_and_renames(tmp_path):
    path = tmp_path / "runs" / "a" / "metrics.json"
    with written_aside(path) as aside:
        aside.write_text("new")
        assert aside.parent == path.parent
        assert aside.suffix == ".json"
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_keeps_what_was_there_when_the_block_fails(tmp_path, error):
    path = tmp_path / "metrics.json"
    path.write_text("old")
    with pytest.raises(error), written_aside(path) as aside:
        aside.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_replaces_only_at_the_end(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text("old")
    with written_aside(str(path)) as aside:
        aside.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
