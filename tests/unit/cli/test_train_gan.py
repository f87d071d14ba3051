"""Trainings that are given again, and scores, by the command itself."""

import pandas as pd
import pytest

from keras_fashion.run import Run


@pytest.fixture(scope="module")
def begun(chain, succeed, tmp_path_factory):
    """The command that made an epoch of a GAN; without its epochs."""
    out = tmp_path_factory.mktemp("resume") / "gan"
    command = (
        *("train", "gan", chain.catalogue, "--out", out, "--batch-size", 12, "--width", 4),
        *("--picture-size", "16x16", "--seed", 7, "--metrics-every", 2, "--metrics-count", 20),
    )
    succeed(*command, "--epochs", 1)
    return command


def test_more_epochs_go_on(begun, succeed, call):
    out = begun[4]
    before = Run(out).config
    assert succeed(*begun, "--epochs", 3, "--checkpoint-every", 1) == f"{out}\n"
    after = Run(out).config
    assert after["seed"] == 7 and after["options"] == before["options"] | {"epochs": 3}
    history = pd.read_csv(out / "history.csv")
    assert history["epoch"].tolist() == [0, 1, 2]
    # Scored at the end of each training and in between when it was due.
    assert history["classifier_fid"].notna().all() and history["diversity"].notna().all()

    kept = (out / "model.keras").read_bytes()
    result = call(*begun, "--epochs", 3)
    assert result.exit_code == 0 and result.stdout == f"{out}\n"
    assert "is finished; for more epochs give a larger --epochs" in result.stderr
    assert (out / "model.keras").read_bytes() == kept


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--width", 8), "--width 4, not 8"),
        (("--seed", 0), "--seed 7, not 0"),
        (("--picture-size", "32"), "--picture-size 16x16, not 32x32"),
    ],
)
def test_what_is_given_must_be_the_runs(begun, call, given, message):
    result = call(*begun, "--epochs", 3, *given)
    assert result.exit_code == 1 and result.stdout == ""
    assert message in result.stderr.splitlines()[-1]


def test_mistakes(begun, chain, call):
    result = call(*begun[:4], chain.dvbpr, "--batch-size", 12)
    assert result.exit_code == 1 and "a dvbpr, not a gan" in result.stderr.splitlines()[-1]
    for option, value in (
        ("--devices", "0"),
        ("--devices", "gpu"),
        ("--checkpoint-every", "0"),
        ("--checkpoint-every", "2d"),
    ):
        result = call(*begun, option, value)
        assert result.exit_code == 2 and value in result.stderr.splitlines()[-1]


def test_an_inception_that_is_not_there_leaves_no_folder(chain, call, tmp_path):
    command = ("train", "gan", chain.catalogue, "--out", tmp_path / "x", "--batch-size", 8)
    missing = tmp_path / "no.pt"
    result = call(*command, "--metrics-every", 1, "--inception", missing)
    assert result.exit_code == 1 and str(missing) in result.stderr.splitlines()[-1]
    result = call(*command, "--inception", missing)
    assert result.exit_code == 1 and "--metrics-every" in result.stderr.splitlines()[-1]
    assert not (tmp_path / "x").exists()
