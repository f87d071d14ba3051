import os
from pathlib import Path

import pytest

from keras_fashion.atomic_files import atomic_write


def test_writes_beside_and_renames(tmp_path):
    path = tmp_path / "runs" / "a" / "metrics.json"
    with atomic_write(path) as aside:
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
    with pytest.raises(error), atomic_write(path) as aside:
        aside.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_replaces_only_at_the_end(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text("old")
    with atomic_write(str(path)) as aside:
        aside.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_two_writers_never_share_a_file(tmp_path):
    """As two containers on one disk, in each of which the writer is process 1."""
    path = tmp_path / "metrics.json"
    with atomic_write(path) as ours:
        ours.write_text("ours")
        with atomic_write(path) as theirs:
            theirs.write_text("theirs, which is longer")
            assert ours != theirs and ours.read_text() == "ours"
        assert path.read_text() == "theirs, which is longer"
    assert path.read_text() == "ours"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_on_the_disk_before_it_is_renamed_and_its_name_after(tmp_path, monkeypatch):
    events, replace = [], Path.replace

    def renamed(self, target):
        events.append(("rename", self))
        return replace(self, target)

    def synced(descriptor):
        events.append(("sync", Path(os.readlink(f"/proc/self/fd/{descriptor}"))))

    monkeypatch.setattr(Path, "replace", renamed)
    monkeypatch.setattr(os, "fsync", synced)
    with atomic_write(tmp_path / "metrics.json") as aside:
        aside.write_text("{}")
    assert events == [("sync", aside), ("rename", aside), ("sync", tmp_path)]
