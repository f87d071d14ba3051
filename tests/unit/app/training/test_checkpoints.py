import os
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.app.training.checkpoints import (
    MAX_TO_KEEP,
    Checkpoints,
    Progress,
    list_checkpoints,
)
from keras_fashion.app.training.options import CheckpointSchedule
from keras_fashion.errors import InputError


def make(folder, schedule=CheckpointSchedule(steps=3)):
    """Returns a model of 1,000 numbers, the progress, and the checkpoints of both."""
    weight, step = tf.Variable(np.zeros(1000, np.float32)), tf.Variable(0)
    model = SimpleNamespace(variables=[weight], optimizers=[SimpleNamespace(variables=[step])])
    progress = Progress()
    return model, progress, Checkpoints(folder, model, progress, schedule)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "checkpoints"


def write(folder, numbers):
    """Writes checkpoints after some numbers of epochs and two steps of the next."""
    model, progress, checkpoints = make(folder)
    for number in numbers:
        model.variables[0].assign(np.full(1000, number, np.float32))
        model.optimizers[0].variables[0].assign(number)
        progress.epoch, progress.batch, progress.sums = number, 2, {"loss": (number / 10, 4.0)}
        progress.callback_state["best"] = float(number)
        checkpoints.save()


def read(folder):
    model, progress, checkpoints = make(folder)
    name = checkpoints.restore()
    weight = model.variables[0].numpy()
    assert (weight == weight[0]).all()
    assert model.optimizers[0].variables[0].numpy() == weight[0] == progress.epoch
    return name, progress


def test_everything_is_restored_and_the_newest_are_kept(folder):
    write(folder, range(1, 6))
    name, progress = read(folder)
    assert name == "epoch-5-step-2"
    assert vars(progress)["epoch"] == 5 and progress.batch == 2
    assert progress.sums == {"loss": [0.5, 4.0]} and progress.callback_state == {"best": 5.0}
    kept = [path.name for path in list_checkpoints(folder)]
    assert kept == [f"epoch-{epoch}-step-2" for epoch in (3, 4, 5)] and len(kept) == MAX_TO_KEEP


def test_the_end_of_an_epoch_is_another_position_than_its_last_step(folder):
    _, progress, checkpoints = make(folder)
    for progress.epoch, progress.batch in ((9, 100), (10, 0), (10, 9), (10, 10)):
        checkpoints.save()
    kept = [path.name for path in list_checkpoints(folder)]
    assert kept == ["epoch-10-step-0", "epoch-10-step-9", "epoch-10-step-10"]


def test_a_checkpoint_is_synced_before_the_oldest_is_removed(folder, monkeypatch):
    write(folder, [1, 2, 3])
    synced = []

    def fsync(descriptor):
        assert len(list_checkpoints(folder)) == MAX_TO_KEEP + 1
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    monkeypatch.setattr(os, "fsync", fsync)
    write(folder, [4])
    parts = (f"{folder}/epoch-4-step-2.{part}" for part in ("index", "data-00000-of-00001"))
    assert sorted(synced) == sorted([*parts, str(folder)])


def test_there_may_be_no_checkpoint(folder):
    assert make(folder)[2].restore() is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda data, index: data.write_bytes(data.read_bytes()[:2000]),
        lambda data, index: data.write_bytes(b""),
        lambda data, index: data.unlink(),
        lambda data, index: index.write_bytes(index.read_bytes()[:40]),
        lambda data, index: index.write_bytes(b""),
        lambda data, index: data.write_bytes(flipped(data.read_bytes())),
    ],
)
def test_if_the_newest_is_damaged_the_one_before_is_used(folder, damage, capsys):
    write(folder, [1, 2, 3])
    damage(folder / "epoch-3-step-2.data-00000-of-00001", folder / "epoch-3-step-2.index")
    name, _ = read(folder)
    assert name == "epoch-2-step-2"
    message = capsys.readouterr().err
    assert "epoch-3-step-2 cannot be read" in message
    assert "epoch-2-step-2 is used instead" in message


def test_a_damaged_checkpoint_is_written_again(folder):
    write(folder, [1, 2])
    (folder / "epoch-2-step-2.index").write_bytes(b"")
    _, progress, checkpoints = make(folder)
    assert checkpoints.restore() == "epoch-1-step-2"
    progress.epoch = 2
    checkpoints.save()
    assert make(folder)[2].restore() == "epoch-2-step-2"


def test_a_damaged_checkpoint_does_not_displace_others(folder):
    write(folder, [1, 5])
    (folder / "epoch-5-step-2.index").write_bytes(b"")
    _, progress, checkpoints = make(folder)
    checkpoints.restore()
    for progress.epoch in (2, 3, 4):
        checkpoints.save()
    checkpoints.remove(all_but=1)
    assert [path.name for path in list_checkpoints(folder)] == ["epoch-4-step-2"]


def flipped(data):
    return data[:1500] + bytes([data[1500] ^ 1]) + data[1501:]


def test_files_of_a_killed_process_are_removed(folder):
    write(folder, [1, 2])
    (folder / "epoch-3-step-2_temp").mkdir()
    (folder / "epoch-3-step-2_temp" / "part-00000-of-00001.index").write_text("half")
    (folder / "epoch-3-step-2.data-00000-of-00001").write_text("no index")
    assert read(folder)[0] == "epoch-2-step-2"
    write(folder, [4])
    left = {path.name.split(".")[0] for path in folder.iterdir()}
    assert left == {f"epoch-{epoch}-step-2" for epoch in (1, 2, 4)}


def test_a_checkpoint_of_the_same_position_is_not_rewritten(folder):
    write(folder, [1])
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    write(folder, [1])
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_if_all_are_damaged_an_error_names_them(folder):
    write(folder, [1, 2])
    for path in folder.glob("*.data*"):
        path.write_bytes(b"")
    with pytest.raises(InputError, match=r"epoch-2-.* cannot be read .*epoch-1-.* cannot .*--out"):
        make(folder)[2].restore()


def test_a_checkpoint_of_another_model_is_refused(folder):
    write(folder, [1])
    model = SimpleNamespace(variables=[tf.Variable([0.0])], optimizers=[])
    with pytest.raises(InputError, match="epoch-1-step-2 cannot be read"):
        Checkpoints(folder, model, Progress()).restore()


def test_a_failed_write_keeps_earlier_checkpoints(folder, monkeypatch):
    write(folder, [1])
    _, _, checkpoints = make(folder)

    def full(*_, **__):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device\nmore")

    monkeypatch.setattr(tf.train.Checkpoint, "write", full)
    checkpoints.progress.epoch = 2
    with pytest.raises(
        InputError, match=r"epoch-2-.*No space left on device\); epoch-1-.* is kept"
    ):
        checkpoints.save()
    assert read(folder)[0] == "epoch-1-step-2"


@pytest.mark.skipif(not os.path.exists("/dev/full") or os.geteuid() != 0, reason="needs mounting")
def test_a_full_disk(folder, tmp_path):
    """Writes to a real file system of 32 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=32k tmpfs {disk} 2>/dev/null"):
        pytest.skip("mounting is not allowed here")
    try:
        small = disk / "checkpoints"
        with pytest.raises(InputError, match=r"cannot be written \(.*[sS]pace"):
            write(small, range(1, 100))
        left = list_checkpoints(small)
        assert left and read(small)[0] == left[-1].name
    finally:
        os.system(f"umount {disk}")


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "checkpoints").write_text("a file")
    with pytest.raises(InputError, match="step-0 cannot be written .*there is no earlier one"):
        make(tmp_path / "checkpoints")[2].save()


def test_it_is_due_after_a_number_of_steps(folder):
    *_, checkpoints = make(folder)
    assert [checkpoints.is_due() for _ in range(3)] == [False, False, True]
    checkpoints.save()
    assert not checkpoints.is_due()


def test_it_is_due_after_a_time(folder, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    *_, checkpoints = make(folder, CheckpointSchedule(seconds=10))
    assert not checkpoints.is_due()
    now[0] = 110.0
    assert checkpoints.is_due()
    checkpoints.save()
    assert not checkpoints.is_due()


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("500", CheckpointSchedule(steps=500)),
        ("30s", CheckpointSchedule(seconds=30)),
        ("10m", CheckpointSchedule(seconds=600)),
        ("2h", CheckpointSchedule(seconds=7200)),
    ],
)
def test_schedules_are_read(text, schedule):
    assert CheckpointSchedule.parse(text) == schedule


@pytest.mark.parametrize("text", ["", "0", "0m", "-3", "1.5m", "2d", "m", "10 m"])
def test_invalid_schedules_are_refused(text):
    with pytest.raises(ValueError, match="neither a number of steps nor a time like"):
        CheckpointSchedule.parse(text)
