import os
import subprocess
import sys
from pathlib import Path

import pytest

from keras_fashion.atomic_files import atomic_folder
from keras_fashion.errors import InputError


def make(path):
    with atomic_folder(path) as folder:
        (folder / "file.txt").write_text("whole")


def test_a_folder_appears_when_it_is_whole(tmp_path):
    with atomic_folder(tmp_path / "new" / "shop") as folder:
        (folder / "file.txt").write_text("whole")
        assert folder.parent == tmp_path / "new"  # so that renaming moves no data
        assert not (tmp_path / "new" / "shop").exists()
    assert (tmp_path / "new" / "shop" / "file.txt").read_text() == "whole"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["shop"]


def test_an_empty_folder_is_filled_and_its_path_may_be_relative(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    make(Path("empty"))
    assert (tmp_path / "empty" / "file.txt").exists()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_behind(tmp_path, error):
    with pytest.raises(error), atomic_folder(tmp_path / "shop") as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file.txt").write_text("half")
        raise error
    assert not list(tmp_path.iterdir())


def test_taken_places_are_refused_and_untouched(tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    for place in ("taken", "taken/mine.txt"):
        with pytest.raises(InputError, match=r"not an empty folder: give another place"):
            make(tmp_path / place)
    with pytest.raises(InputError, match="cannot be created"):
        make(tmp_path / "taken" / "mine.txt" / "deeper")
    assert (tmp_path / "taken" / "mine.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.rglob("*")] == ["taken", "mine.txt"]


HOLDER = """
import sys, time
from pathlib import Path
from keras_fashion.atomic_files import atomic_folder
with atomic_folder(Path(sys.argv[1])) as folder:
    (folder / "half.txt").write_text("half")
    (folder / "scratch").mkdir()
    (folder / "scratch" / "deep.txt").write_text("half")
    print("holding", flush=True)
    time.sleep(60)
"""


def test_another_process_is_waited_for_and_what_it_left_when_killed_is_removed(tmp_path):
    command = [sys.executable, "-c", HOLDER, tmp_path / "shop"]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"holding\n"
        with pytest.raises(InputError, match="shop is being made by another process"):
            make(tmp_path / "shop")
        assert (tmp_path / ".shop.preparing" / "half.txt").exists()
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    make(tmp_path / "shop")
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]
    assert [path.name for path in (tmp_path / "shop").iterdir()] == ["file.txt"]


def test_all_of_it_is_on_the_disk_before_it_is_renamed(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    )
    with atomic_folder(tmp_path / "shop") as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file.txt").write_text("whole")
    inside = [folder, folder / "deep", folder / "deep" / "file.txt"]
    assert sorted(synced) == sorted(map(str, [*inside, tmp_path]))
