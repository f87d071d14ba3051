"""`train gan --resume` and scores, by the command itself."""

import json

import pandas as pd
import pytest

from keras_fashion.run import Run


@pytest.fixture(scope="module")
def begun(chain, succeed, tmp_path_factory):
    """An epoch of a GAN with options that are not the defaults; the command that made it."""
    out = tmp_path_factory.mktemp("resume") / "gan"
    command = ("train", "gan", chain.catalogue, "--out", out)
    succeed(
        *(*command, "--epochs", 1, "--batch-size", 12, "--picture-size", "16x16", "--width", 4),
        *("--seed", 7, "--metrics-every", 2, "--metrics-count", 20),
    )
    return command


def test_options_that_are_not_given_are_the_runs_own(begun, succeed, call):
    out = begun[-1]
    before = Run(out).config
    assert succeed(*begun, "--resume", "--epochs", 3) == f"{out}\n"
    after = Run(out).config
    assert after["seed"] == 7 and after["options"] == before["options"] | {"epochs": 3}
    history = pd.read_csv(out / "history.csv")
    assert history["epoch"].tolist() == [0, 1, 2]
    # Scored at the end of each training and in between when it was due.
    assert history["classifier_fid"].notna().all() and history["diversity"].notna().all()

    kept = (out / "model.keras").read_bytes()
    result = call(*begun, "--resume")
    assert result.exit_code == 0 and result.stdout == f"{out}\n"
    assert "is finished: it has its 3 epochs" in result.stderr
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
    result = call(*begun, "--resume", *given)
    assert result.exit_code == 1 and result.stdout == ""
    assert message in result.stderr.splitlines()[-1]


def test_mistakes(begun, chain, call, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model": "gan"}))
    for out, message in (
        (tmp_path / "none", "not a run folder"),
        (tmp_path, "not a run folder"),
        (chain.dvbpr, "is a run of dvbpr"),
    ):
        result = call(*begun[:-1], out, "--resume")
        assert result.exit_code == 1 and message in result.stderr.splitlines()[-1]
    result = call(*begun)
    assert result.exit_code == 1 and "--resume" in result.stderr.splitlines()[-1]
    result = call("train", "dvbpr", chain.catalogue, "--out", tmp_path / "x", "--resume")
    assert result.exit_code == 2 and "No such option" in result.stderr


def test_an_inception_that_is_not_there_leaves_no_folder(chain, call, tmp_path):
    command = ("train", "gan", chain.catalogue, "--out", tmp_path / "x", "--batch-size", 8)
    missing = tmp_path / "no.pt"
    result = call(*command, "--metrics-every", 1, "--inception", missing)
    assert result.exit_code == 1 and str(missing) in result.stderr.splitlines()[-1]
    result = call(*command, "--inception", missing)
    assert result.exit_code == 1 and "--metrics-every" in result.stderr.splitlines()[-1]
    assert not (tmp_path / "x").exists()
