"""Trainings of a GAN that are given again, and their options; they end before anything is trained.

That more epochs go on is held in tests/unit/training and, by the command, in tests/integration.
"""

import pytest

from keras_fashion.app import training
from keras_fashion.app.training.options import CheckpointSchedule


def test_a_finished_run_is_left_alone(chain, call):
    kept = (chain.gan / "model.keras").read_bytes()
    result = call(*chain.gan_command, "--epochs", 1)
    assert result.exit_code == 0 and result.stdout == f"{chain.gan}\n"
    assert "is finished; for more epochs give a larger --epochs" in result.stderr
    assert (chain.gan / "model.keras").read_bytes() == kept


def test_what_is_given_reaches_the_training(chain, succeed, monkeypatch):
    asked = []
    monkeypatch.setattr(training, "train_gan", lambda *given: asked.append(given))
    succeed(*chain.gan_command, "--epochs", 3, "--checkpoint-every", 1, "--inception", "fid.pt")
    ((catalogue, out, options, seed, _, schedule),) = asked
    assert (catalogue.path, out, seed) == (chain.catalogue, chain.gan, 7)
    assert (options.epochs, options.batch_size, options.width) == (3, 12, 4)
    assert (options.picture_size.height, options.picture_size.width) == (16, 16)
    assert (options.metrics_every, options.num_metrics_pictures, options.inception) == (
        2,
        20,
        "fid.pt",
    )
    assert schedule == CheckpointSchedule(steps=1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--width", 8), "--width 4, not 8"),
        (("--seed", 0), "--seed 7, not 0"),
        (("--picture-size", "32"), "--picture-size 16x16, not 32x32"),
        (("--from", "other"), "started without --from"),
    ],
)
def test_what_is_given_must_be_the_runs(chain, call, given, message):
    result = call(*chain.gan_command, "--epochs", 3, *given)
    assert result.exit_code == 1 and result.stdout == ""
    assert message in result.stderr.splitlines()[-1]


def test_a_run_to_start_from_reaches_the_training(chain, succeed, monkeypatch):
    asked = []
    monkeypatch.setattr(training, "train_gan", lambda *given: asked.append(given))
    succeed("train", "gan", chain.catalogue, "--out", "new", "--from", chain.gan)
    assert asked[0][2].start_from == str(chain.gan)


def test_what_differs_from_the_run_to_start_from_is_named(chain, call, tmp_path):
    command = (
        *("train", "gan", chain.catalogue, "--out", tmp_path / "x", "--batch-size", 12),
        *("--preset", "least-squares"),
    )
    for given, message in (
        ((chain.gan, "--picture-size", 16, "--width", 8), "a width of 4, not 8; give --width 4"),
        ((chain.gan, "--picture-size", 16, "--preset", "dvbpr"), "give the --preset"),
        ((chain.dvbpr, "--picture-size", 16), "is a run of dvbpr"),
        ((tmp_path / "none", "--picture-size", 16), "is not a run folder"),
    ):
        result = call(*command, "--from", *given)
        assert result.exit_code == 1 and message in result.stderr.splitlines()[-1]
        assert not (tmp_path / "x").exists()


def test_mistakes(chain, call):
    result = call(*chain.gan_command[:4], chain.dvbpr, "--batch-size", 12)
    assert result.exit_code == 1 and "a dvbpr, not a gan" in result.stderr.splitlines()[-1]
    for option, value in (
        ("--devices", "0"),
        ("--devices", "gpu"),
        ("--checkpoint-every", "0"),
        ("--checkpoint-every", "2d"),
    ):
        result = call(*chain.gan_command, option, value)
        assert result.exit_code == 2 and value in result.stderr.splitlines()[-1]


def test_an_inception_that_is_not_there_leaves_no_folder(chain, call, no_inception, tmp_path):
    command = ("train", "gan", chain.catalogue, "--out", tmp_path / "x", "--batch-size", 8)
    missing = tmp_path / "no.pt"
    result = call(*command, "--metrics-every", 1, "--inception", missing)
    assert result.exit_code == 1 and str(missing) in result.stderr.splitlines()[-1]
    result = call(*command, "--inception", missing)
    assert result.exit_code == 1 and "--metrics-every" in result.stderr.splitlines()[-1]
    assert not (tmp_path / "x").exists()
