import json

import pandas as pd
import pytest

from keras_fashion.app.tuning.trials import Trial, TrialLog
from keras_fashion.errors import InputError

SEARCH = {"model": "vbpr", "monitor": "auc", "range of --bias": ((False, True),)}
TRIALS = [
    Trial(0, {"bias": True}, 2.5, {"auc": 0.7, "auc_matched": None}),
    Trial(1, {"bias": False}, 3.5, failed="diverged, in epoch 2"),
]


@pytest.fixture
def folder(tmp_path):
    log = TrialLog(tmp_path / "tuned", SEARCH)
    for trial in TRIALS:
        log.record(Trial(trial.number, trial.settings))
        log.record(trial)
    log.record(Trial(2, {"bias": True}))
    return log.folder


def test_trials_are_read_as_they_were_written(folder):
    log = TrialLog(folder, SEARCH)
    assert log.ended == TRIALS and log.begun == Trial(2, {"bias": True})
    log.record(Trial(2, {"bias": True}, 1.0, {"auc": 0.5, "auc_matched": 0.5}))
    assert log.begun is None and len(TrialLog(folder, SEARCH).ended) == 3


def test_the_table_of_the_trials(folder):
    table = pd.read_csv(folder / "trials.csv")
    assert [*table] == ["trial", "auc", "auc_matched", "seconds", "bias", "failed"]
    assert table["auc"].isna().tolist() == [False, True] and table["bias"].tolist() == [True, False]
    assert table["failed"][1] == "diverged, in epoch 2"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model": "ease"}, 'its model was "vbpr" and is now "ease"'),
        ({"range of --bias": None}, r"range of --bias was \[\[false, true\]\] and is now none"),
        ({"range of --days": [1, 2]}, r"range of --days was none and is now \[1, 2\]"),
    ],
)
def test_another_search_is_refused(folder, changed, message):
    with pytest.raises(InputError, match=f"{message}.*--out"):
        TrialLog(folder, SEARCH | changed)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    for path in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(InputError, match="not the folder of a search; name another"):
            TrialLog(path, SEARCH)
    (tmp_path / "search.json").write_text(json.dumps({"query": "shoes"}))
    with pytest.raises(InputError, match="search.json was not written by .*, or is damaged"):
        TrialLog(tmp_path, SEARCH)
    (tmp_path / "notes.txt").unlink()
    (tmp_path / "search.json").rename(tmp_path / ".hidden")
    assert TrialLog(tmp_path, SEARCH).trials == []


def test_runs_are_removed_but_those_that_are_kept(folder):
    for name in ("trial-0000", "trial-0001", "trial-0002", "mine"):
        (folder / name).mkdir()
    TrialLog(folder, SEARCH).remove_runs(kept={"trial-0000"})
    left = {path.name for path in folder.iterdir()} - {"search.json", "trials.csv"}
    assert left == {"trial-0000", "trial-0002", "mine"}  # The third trial has not ended.
