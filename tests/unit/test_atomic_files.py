import os
import subprocess
import sys
from pathlib import Path

import pytest

from keras_fashion.atomic_files import atomic_folder, atomic_write
from keras_fashion.errors import InputError


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
def test_a_block_that_fails_leaves_nothing(tmp_path, error):
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


def test_the_second_of_two_blocks_in_one_process_is_refused_too(tmp_path):
    with (
        atomic_folder(tmp_path / "shop"),
        pytest.raises(InputError, match="being made by another process"),
        atomic_folder(tmp_path / "shop"),
    ):
        pass  # pragma: no cover
    make(tmp_path / "other")


RACER = """
import sys
from pathlib import Path
from keras_fashion.atomic_files import atomic_folder
from keras_fashion.errors import InputError
path, name = Path(sys.argv[1]), sys.argv[2]
made = 0
for turn in range(60):
    try:
        with atomic_folder(path / str(turn)) as folder:
            if any(folder.iterdir()):
                sys.exit("two processes share a folder")
            for number in range(5):
                (folder / f"{name}-{number}").write_text(name)
            if len(list(folder.iterdir())) != 5:
                sys.exit("two processes share a folder")
        made += 1
    except InputError:
        pass
print(made)
"""


def test_processes_that_race_never_share_a_folder(tmp_path):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, tmp_path, name], stdout=subprocess.PIPE, text=True
        )
        for name in "abc"
    ]
    made = [int(racer.communicate(timeout=100)[0]) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert sum(made) == 60
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(map(str, range(60)))
    for folder in tmp_path.iterdir():
        assert len({path.read_text() for path in folder.iterdir()}) == 1
