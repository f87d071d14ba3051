"""Options of a training become options of its command, and what is chosen reaches the training."""

import json
import signal
from dataclasses import dataclass
from signal import SIGTERM
from typing import ClassVar

import pytest
from click.testing import CliRunner

from keras_fashion.app import training
from keras_fashion.app.cli.main import main
from keras_fashion.app.cli.train import train_command
from keras_fashion.app.run import Run
from keras_fashion.app.training.options import FitOptions, option
from keras_fashion.models import RECOMMENDERS

MODELS = [*RECOMMENDERS, "gan"]


@dataclass(frozen=True)
class EveryKind(FitOptions):
    """One line about the model."""

    model: ClassVar[str] = "everykind"
    epochs: int = option(30, "at least 1")
    negatives: int = option(0, "may be 0", minimum=0)
    with_history: bool = option(False, "a switch")
    features: tuple[str, ...] = option(("a", "b"), "several")
    latent_size: int = option(3, "may be 0", minimum=0)
    rate: float = option(0.5, "a rate")
    encoder: str = option("x", "a choice", ("x", "y"))
    column: str = option("category", "any text")


@pytest.fixture
def chosen(chain, monkeypatch, tmp_path):
    """What the training is called with."""

    def call(*arguments):
        seen = []
        monkeypatch.setattr(training, "train_recommender", lambda *given: seen.append(given))
        command = train_command(EveryKind)
        given = [str(chain.catalogue), "--out", str(tmp_path / "run"), *map(str, arguments)]
        result = CliRunner().invoke(command, given)
        if result.exit_code:
            return result
        (catalogue, out, options, split, seed, *_) = seen[0]
        assert (catalogue.name, out, split, seed) == ("catalogue", tmp_path / "run", None, 0)
        return options

    return call


def test_sigterm_where_nothing_is_to_finish(chain, monkeypatch, tmp_path):
    monkeypatch.setattr(training, "train_recommender", lambda *_: signal.raise_signal(SIGTERM))
    before = signal.getsignal(SIGTERM)
    given = [str(chain.catalogue), "--out", str(tmp_path / "run")]
    result = CliRunner().invoke(main, ["train", "bprmf", *given])
    assert result.exit_code == 75 and signal.getsignal(SIGTERM) == before
    assert result.stderr.splitlines()[-1] == (
        "stopped by SIGTERM. Run the same command again to continue."
    )


def test_every_kind_ofoption(chosen):
    assert chosen() == EveryKind()
    assert chosen(
        *("--with-history", "--features", "c", "--features", "d", "--latent-size", 0),
        *("--rate", 2, "--encoder", "y", "--column", "color", "--negatives", 9),
    ) == EveryKind(
        with_history=True,
        features=("c", "d"),
        latent_size=0,
        rate=2.0,
        encoder="y",
        column="color",
        negatives=9,
    )
    assert chosen("--no-with-history", "--negatives", 0) == EveryKind()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--latent-size", -1], "'--latent-size'"),
        (["--rate", -0.1], "'--rate'"),
        (["--encoder", "z"], "'x', 'y'"),
        (["--epochs", 0], "'--epochs'"),
    ],
)
def test_what_is_out_of_range(chosen, arguments, message):
    result = chosen(*arguments)
    assert result.exit_code == 2 and message in result.stderr


def test_the_help_is_the_docstring_and_shows_defaults():
    text = CliRunner().invoke(train_command(EveryKind), ["--help"]).stdout
    assert "One line about the model." in text
    shown = " ".join(text.split())
    assert "several; may be given several times. [default: a, b]" in shown
    assert "may be 0 [default: 3; x>=0]" in shown


def test_every_model_has_a_command(call):
    listed = call("train", "--help").stdout.split("Commands:")[1].splitlines()
    assert [line.split()[0] for line in listed if line.strip()] == MODELS
    assert "..." not in "".join(listed)
    result = call("train", "fmm")
    assert result.exit_code == 2 and result.stdout == ""
    assert f"no model 'fmm'; there are {', '.join(MODELS)}." in result.stderr


def test_a_training_from_the_command_line(chain, succeed, tmp_path):
    out = tmp_path / "run"
    frequency = ("train", "categoryfreq", chain.catalogue, "--out", out, "--seed", 3)
    assert succeed(*frequency, "--columns", "category") == f"{out}\n"
    config = json.loads((out / "config.json").read_text())
    assert (config["model"], config["seed"]) == ("categoryfreq", 3)
    assert config["options"] == {"columns": ["category"]}
    assert Run(out).vectors.users.shape == (9, 3)
