"""Searches on a tiny shop: what is tried, kept and measured, and how they go on when stopped."""

import json
import signal

import numpy as np
import pytest

from keras_fashion.app.run import Run
from keras_fashion.app.training.options import recommender_options
from keras_fashion.app.training.recommenders import train_recommender
from keras_fashion.app.tuning import median_stopping, search, tune_recommender
from keras_fashion.errors import InputError, Interrupted, Terminated, TrainingFailed
from keras_fashion.evaluation import rank_held_out

SMALL = {"epochs": 2, "batch_size": 16, "latent_size": 4, "negatives": 0}
"""Leaves the learning rate and the regularization of BPR-MF to search."""


@pytest.fixture
def tune(tiny_catalogue, tmp_path):
    def tune(model="itemknn", trials=3, folder="tuned", **rest):
        return tune_recommender(tiny_catalogue, tmp_path / folder, model, trials, **rest)

    return tune


@pytest.fixture(scope="module")
def trained(tiny_catalogue, tmp_path_factory):
    """A search of BPR-MF that was never interrupted."""
    folder = tmp_path_factory.mktemp("straight") / "tuned"
    return tune_recommender(tiny_catalogue, folder, "bprmf", 3, SMALL)


def tried(result):
    return [(trial.settings, trial.metrics) for trial in result.trials]


def test_the_best_of_the_trials_is_kept_with_the_default(trained):
    result = trained
    assert len(result.trials) == 3 and not result.interrupted
    assert result.default.settings == {"learning_rate": 5e-3, "regularization": 0.01}
    assert result.best.metrics["auc"] == max(trial.metrics["auc"] for trial in result.trials)
    kept = {"search.json", "trials.csv", "best.json", "trial-0000", result.best.folder}
    assert {path.name for path in result.folder.iterdir()} == kept
    run = result.best_run
    assert run.config["options"] == (
        recommender_options("bprmf", **SMALL, **result.best.settings).recorded()
    )
    vectors = run.held_out_vectors(run.split, "validation")
    means = rank_held_out(vectors, run.split, "validation").means()
    assert result.best.metrics == {"auc": means["auc_all"], "auc_matched": means["auc_matched"]}
    best = json.loads((result.folder / "best.json").read_text())
    assert best["trials"] == 3 and best["best"]["settings"] == result.best.settings
    assert best["default"]["metrics"] == result.default.metrics
    assert best["seconds"] == pytest.approx(sum(trial.seconds for trial in result.trials))


def test_the_test_part_is_not_needed(tune, tiny_catalogue, tmp_path):
    """A split without a test part gives the result of one that has it."""
    shop = tiny_catalogue
    rows = {}
    for user, item in shop.interactions:
        rows.setdefault(user, []).append((shop.user_ids[user], shop.item_ids[item]))
    results = []
    for last in ("test", None):
        lines = ["user,item,part"]
        for pairs in rows.values():
            parts = ["valid", last, *["train"] * (len(pairs) - 2)]
            named = zip(pairs, parts, strict=True)
            lines += [f"{user},{item},{part}" for (user, item), part in named if part]
        path = tmp_path / f"{last}.csv"
        path.write_text("\n".join(lines))
        results.append(tune("ease", 4, f"without {last}", split=path))
    # The test items of the first are no negatives in its validation, nor are they bought there.
    for result in results:
        assert len(result.trials) == 4
    assert results[1].best_run.split.test.size == 0


def test_a_trial_is_stopped_that_is_behind_the_others(tune, monkeypatch):
    monkeypatch.setattr(median_stopping, "TRIALS", 1)
    monkeypatch.setattr(median_stopping, "EPOCHS", 1)
    chosen = SMALL | {"epochs": 4, "patience": 4}
    result = tune("bprmf", 3, chosen=chosen)
    epochs = [len(trial.values) for trial in result.trials]
    assert epochs[0] == 4 and min(epochs) < 4
    for number, trial in enumerate(result.trials[1:], start=1):
        earlier = [other.values for other in result.trials[:number]]
        behind = [
            max(trial.values[:epoch]) < np.median([max(each[:epoch]) for each in earlier])
            for epoch in range(1, epochs[number] + 1)
        ]
        assert behind.index(True) + 1 == epochs[number] if True in behind else epochs[number] == 4
    assert max(result.best.values) == max(map(max, (trial.values for trial in result.trials)))


def test_a_search_continues_for_more_trials(tune):
    first = tune(trials=2)
    more, straight = tune(trials=5), tune(trials=5, folder="straight")
    assert more.trials[:2] == first.trials
    assert tried(more) == tried(straight)
    assert tune(trials=3) == more  # None is forgotten.


def test_a_search_ends_if_there_is_nothing_new_to_try(tune, capsys):
    chosen = {"epochs": 1, "batch_size": 16, "learning_rate": 0.01, "negatives": 0, "history": 0}
    chosen |= {"embedding_size": 4, "latent_size": 0, "regularization": 0.1}
    result = tune("vbpr", 9, chosen=chosen | {"features": ("attributes",)})
    assert [trial.settings for trial in result.trials] == [{"bias": True}, {"bias": False}]
    assert "have been tried" in capsys.readouterr().err


@pytest.mark.parametrize("steps", [1, 4])  # in the first epoch of the second trial, and later
def test_ctrl_c_ends_with_what_has_been_found(tune, trained, signal_at, steps, monkeypatch):
    tune("bprmf", 1, chosen=SMALL)
    signal_at(steps)
    result = tune("bprmf", 2, chosen=SMALL)
    assert result.interrupted and len(result.trials) == 1
    monkeypatch.undo()
    result = tune("bprmf", 2, chosen=SMALL)
    assert not result.interrupted and tried(result) == tried(trained)[:2]


def test_ctrl_c_in_the_first_trial(tune, signal_at):
    stop_signals = signal_at(1)
    with pytest.raises(Interrupted, match="in its first trial; run the same command again"):
        tune("bprmf", 1, chosen=SMALL)
    stop_signals()
    assert len(tune("bprmf", 1, chosen=SMALL).trials) == 1


def test_sigterm_is_passed_on(tune, signal_at):
    signal_at(2, signal.SIGTERM)
    with pytest.raises(Terminated, match="trial-0000 keeps every step"):
        tune("bprmf", 1, chosen=SMALL)


def test_a_process_killed_before_it_recorded_a_trial(tune, monkeypatch):
    def kill(*_):
        raise MemoryError

    straight = tune(trials=3, folder="straight")
    for count in (1, 2, 3):
        monkeypatch.setattr(search, "rank_held_out", kill)
        with pytest.raises(MemoryError):
            tune(trials=3)
        monkeypatch.undo()
        run = Run(straight.folder.with_name("tuned") / f"trial-{count - 1:04}")
        trained = (run.path / "model.keras").stat().st_mtime_ns
        assert len(tune(trials=count).trials) == count
        if run.path.exists():
            assert (run.path / "model.keras").stat().st_mtime_ns == trained
    assert tried(tune(trials=3)) == tried(straight)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"seed": 1}, "trial-0000 is another training: it was started with --seed 0, not 1"),
        ({"split_seed": 2}, "--split-seed 0, not 2"),
        ({"monitor": "auc_matched"}, 'its monitor was "auc" and is now "auc_matched"'),
        ({"model": "ease"}, 'its model was "itemknn" and is now "ease"'),
    ],
)
def test_another_search_is_refused(tune, changed, message):
    tune(trials=2)
    with pytest.raises(InputError, match=message):
        tune(**changed)


def test_an_option_that_is_fixed_only_now_is_refused(tune):
    tune("bprmf", 1, chosen=SMALL)
    with pytest.raises(InputError, match="range of --learning-rate was .* and is now none"):
        tune("bprmf", 1, chosen=SMALL | {"learning_rate": 5e-3})
    with pytest.raises(InputError, match="trial-0000 .* --epochs 2, not 3"):
        tune("bprmf", 1, chosen=SMALL | {"epochs": 3})


def test_a_trial_that_diverges_is_recorded(tune, monkeypatch):
    """And one whose process was killed after it had diverged is not trained again."""

    def train(catalogue, out, options, *rest):
        if options.learning_rate != 5e-3:
            raise TrainingFailed("it has diverged in epoch 1")
        return train_recommender(catalogue, out, options, *rest)

    monkeypatch.setattr(search, "train_recommender", train)
    result = tune("bprmf", 3, chosen=SMALL)
    assert [trial.failed for trial in result.trials] == [None, *["it has diverged in epoch 1"] * 2]
    assert result.best == result.default and result.as_json()["failed"] == 2
    assert "it has diverged" in (result.folder / "trials.csv").read_text()


def test_if_all_trials_fail(tune, monkeypatch):
    def train(*_):
        raise TrainingFailed("it has diverged")

    monkeypatch.setattr(search, "train_recommender", train)
    with pytest.raises(InputError, match="all 2 trials failed: it has diverged"):
        tune("bprmf", 2, chosen=SMALL)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"trials": 0}, "`trials` must be at least 1"),
        ({"model": "poprank"}, "poprank has no option that is left to search"),
        ({"chosen": {"neighbors": 9}}, "itemknn has no option that is left to search"),
        ({"monitor": "loss"}, "there are auc, auc_matched"),
        ({"model": "recentpop"}, "needs a split in time"),
        ({"chosen": {"neighbours": 9}}, "itemknn has no option neighbours"),
    ],
)
def test_what_cannot_be_searched_leaves_no_folder(tune, tmp_path, arguments, message):
    with pytest.raises(InputError, match=message):
        tune(**arguments)
    assert list(tmp_path.iterdir()) == []
