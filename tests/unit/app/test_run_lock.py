import fcntl
import os

import pytest

from keras_fashion.app.run_lock import lock_run
from keras_fashion.errors import InputError


def test_a_run_is_locked_by_the_operating_system(tmp_path):
    """The lock of another process is respected until that process has ended."""
    lock = os.open(tmp_path / ".run.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with (
        pytest.raises(InputError, match="run is being trained by another process"),
        lock_run(tmp_path / "run"),
    ):
        pass
    os.close(lock)
    with lock_run(tmp_path / "run"):
        assert (tmp_path / ".run.lock").exists()
    assert not list(tmp_path.iterdir())


def test_a_removed_lock_file_does_not_lock(tmp_path, monkeypatch):
    """The process that held the lock removes the file just after another has opened it."""
    flock, path = fcntl.flock, tmp_path / ".run.lock"
    removed = []

    def remove_first(lock, operation):
        if not removed and path.exists():
            removed.append(path.unlink())
        flock(lock, operation)

    path.touch()
    monkeypatch.setattr("fcntl.flock", remove_first)
    with lock_run(tmp_path / "run"):
        assert removed and path.exists()
        with pytest.raises(InputError, match="another process"), lock_run(tmp_path / "run"):
            pass


def test_where_files_cannot_be_locked_there_is_no_lock(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", fail)
    with lock_run(tmp_path / "run"):
        assert not (tmp_path / "run").exists()
