import os
import resource
import subprocess
import sys

import pytest

ENVIRONMENT = os.environ | {"PYTHONWARNINGS": "ignore"}


def run(*arguments):
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)


def test_help_does_without_tensorflow():
    """That of `train dvbpr` does not: its options are the arguments of the model's class."""
    code = """
import sys
from click.testing import CliRunner
from keras_fashion.app.cli.main import main
commands = [[], ["prepare"], ["prepare", "shop"], ["prepare", "atelier"], ["train"],
            ["features"], ["compare"], ["train", "gan"], ["generate"],
            ["score-images"], ["evaluate"], ["pretrained"],
            ["recommend"], ["design"], ["redesign"], ["explain"], ["trends"], ["export"],
            ["report"]]
for command in commands:
    result = CliRunner().invoke(main, [*command, "--help"])
    assert result.exit_code == 0 and "Usage:" in result.stdout, command
heavy = {"tensorflow", "keras", "matplotlib", "pandas", "skimage", "sklearn"} & set(sys.modules)
assert not heavy, heavy
"""
    result = run("-c", code)
    assert result.returncode == 0, result.stderr


def test_help_is_quick():
    code = "from keras_fashion.app.cli.main import main; main(['--help'])"
    for _ in range(4):  # the quickest, and of the processor: others use the machine too
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = run("-c", code)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        assert result.returncode == 0 and "prepare" in result.stdout and result.stderr == ""
        if seconds < 0.5:
            break
    assert seconds < 0.5


def test_a_mistake_is_one_line_on_stderr_and_exit_code_1(tmp_path):
    """Runs in a process of its own, because TensorFlow prints notices when it is imported."""
    code = "from keras_fashion.app.cli.main import main; main()"
    result = run("-c", code, "evaluate", str(tmp_path))
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("Error: ") and "not a run folder" in result.stderr


def test_version(call):
    from keras_fashion import __version__

    assert __version__ in call("--version").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tain"], "No such command 'tain'"),
        (["train", "mf"], "no model 'mf'; there are random, poprank, biasedmf, bprmf, warp, "),
        (["train", "dvbpr", "nowhere", "--out", "x"], "'nowhere' does not exist"),
        (
            ["train", "dvbpr", ".", "--out", "x", "--epochs", "many"],
            "'many' is not a valid integer",
        ),
        (
            ["train", "dvbpr", ".", "--out", "x", "--encoder", "resnet"],
            "'compact', 'cnnf', 'efficientnet-lite0'",
        ),
        (["train", "gan", ".", "--out", "x", "--epochs", "0"], "'--epochs'"),
        (["train", "poprank", ".", "--out", "x", "--seed", "-1"], "'--seed'"),
        (["report", ".", ".", "--out", "x.html", "--seed", "-1"], "'--seed'"),
        (["prepare", "atelier", "--out", "x", "--users", "0"], "'--users'"),
        (["prepare", "atelier", "--out", "x", "--size", "0"], "'--size'"),
        (["prepare", "atelier", "--out", "x", "--drift", "-1"], "'--drift'"),
        (["prepare", "atelier", "--out", "x", "--seed", "-1"], "'--seed'"),
        (["train", "gan", ".", "--out", "x", "--split", "s.csv"], "No such option"),
        (["train", "poprank", "."], "Missing option '--out'"),
        (["prepare", "shop", "--out", "x"], "Missing option '--interactions'"),
        (["evaluate", ".", "--part", "training"], "'training' is not one of"),
        (["recommend", "."], "either --user, or --history"),
        (["recommend", ".", "--user", "u", "--history", "i"], "either --user, or --history"),
        (["recommend", ".", "--user", "u", "-k", "0"], "0 is not in the range"),
        (["design", ".", "--user", "u", "--category", "Tops", "--out", "x"], "'GAN'"),
        (["report", ".", "--out", "x.html"], "'GAN'"),
    ],
)
def test_usage_errors_exit_with_2(call, arguments, message):
    result = call(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("eta", ["-1", "high"])
def test_eta_is_no_negative_number(call, eta):
    result = call(
        *("design", ".", ".", "--user", "u", "--category", "c", "--out", "x", "--eta", eta)
    )
    assert result.exit_code == 2 and eta in result.stderr
