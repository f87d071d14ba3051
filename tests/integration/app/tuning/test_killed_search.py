"""A search that is killed in the middle of a trial ends as one that was not."""

import json
import os
import signal
import subprocess
import sys
import time

from click.testing import CliRunner

from keras_fashion.app.cli.main import main


def test_a_search_is_killed_in_a_trial(tiny_catalogue, tmp_path):
    def arguments(folder):
        return [
            *("tune", "bprmf", str(tiny_catalogue.path), "--trials", "3", "--seed", "1"),
            *("--epochs", "60", "--patience", "60", "--batch-size", "8", "--negatives", "0"),
            *("--checkpoint-every", "1", "--devices", "cpu", "--out", str(tmp_path / folder)),
        ]

    code = "from keras_fashion.app.cli.main import main; main()"
    command = [sys.executable, "-c", code, *arguments("killed")]
    checkpoints = tmp_path / "killed" / "trial-0001" / "checkpoints"
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 120
        while not [*checkpoints.glob("epoch-3-*.index")] and time.monotonic() < deadline:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    recorded = json.loads((tmp_path / "killed" / "search.json").read_text())["trials"]
    assert [trial["seconds"] is None for trial in recorded] == [False, True]

    results = []
    for folder in ("killed", "straight"):
        result = CliRunner().invoke(main, [*arguments(folder), "--json"])
        assert result.exit_code == 0, result.output
        assert ("trial-0001 continues from epoch-" in result.stderr) is (folder == "killed")
        trials = json.loads((tmp_path / folder / "search.json").read_text())["trials"]
        results.append([(trial["settings"], trial["metrics"]) for trial in trials])
        kept = {path.name for path in (tmp_path / folder).glob("trial-*")}
        assert kept == {"trial-0000", f"trial-{json.loads(result.stdout)['best']['number']:04}"}
    assert results[0] == results[1]
