"""Proposals stay in their ranges, follow from the earlier trials, and come nearer to the best."""

import sys
from dataclasses import fields
from math import log10

import numpy as np
import pytest

from keras_fashion.app.training.options import options_class
from keras_fashion.app.tuning.proposals import SettingsProposer
from keras_fashion.app.tuning.trials import Trial
from keras_fashion.errors import InputError


def searched(model, *names):
    return {each.name: each for each in fields(options_class(model)) if each.name in names}


def search(proposer, default, auc, count):
    """Returns the trials of a search in which a function gives the metric."""
    trials, settings = [], default
    while settings is not None and len(trials) < count:
        trials.append(Trial(len(trials), settings, 1.0, {"auc": auc(settings)}))
        settings = proposer.propose(trials)
    return trials


def test_proposals_are_values_of_their_options():
    options = searched("vbpr", "learning_rate", "embedding_size", "latent_size", "bias")
    default = {"learning_rate": 5e-3, "embedding_size": 32, "latent_size": 16, "bias": True}
    default = {name: default[name] for name in options}
    trials = search(SettingsProposer(options, "auc", 0), default, lambda settings: 0.5, 30)
    tried = {name: [trial.settings[name] for trial in trials] for name in default}
    assert all(
        3e-4 <= rate <= 0.05 and rate == float(f"{rate:.2e}") for rate in tried["learning_rate"]
    )
    assert all(type(size) is int and 8 <= size <= 128 for size in tried["embedding_size"])
    assert set(tried["latent_size"]) == {0, 8, 16, 32, 64}
    assert {type(each) for each in tried["bias"]} == {bool}


def test_the_first_proposals_are_uniform_in_the_logarithm():
    options = searched("vbpr", "embedding_size")  # from 8 to 128, whose geometric mean is 32
    first = Trial(0, {"embedding_size": 32}, 1.0, {"auc": 0.5})
    sizes = [
        SettingsProposer(options, "auc", seed).propose([first])["embedding_size"]
        for seed in range(100)
    ]
    assert 25 < np.median(sizes) < 41 and min(sizes) < 10 and max(sizes) > 100


def test_a_proposal_follows_from_the_seed_and_the_trials():
    options = searched("ease", "regularization")
    first = Trial(0, {"regularization": 100.0}, 1.0, {"auc": 0.5})
    again = [SettingsProposer(options, "auc", 3).propose([first]) for _ in range(2)]
    assert again[0] == again[1]
    assert SettingsProposer(options, "auc", 4).propose([first]) != again[0]
    second = Trial(1, again[0], 1.0, {"auc": 0.4})
    assert SettingsProposer(options, "auc", 3).propose([first, second]) != again[0]


def test_later_trials_are_nearer_to_the_best_settings():
    def distance(settings):
        return abs(log10(settings["regularization"]) - 3.5)

    distances = []
    for seed in range(5):
        proposer = SettingsProposer(searched("ease", "regularization"), "auc", seed)
        trials = search(
            proposer, {"regularization": 100.0}, lambda settings: 1 - distance(settings) / 4, 30
        )
        distances.append([distance(trial.settings) for trial in trials])
    early, late = np.array(distances)[:, 1:10].mean(), np.array(distances)[:, 20:].mean()
    assert late < early / 3


def test_no_settings_are_tried_twice():
    proposer = SettingsProposer(searched("vbpr", "bias", "history"), "auc", 0)
    trials = search(proposer, {"bias": True, "history": 0}, lambda settings: 0.5, 99)
    assert len({(each.settings["bias"], each.settings["history"]) for each in trials}) == 6
    assert len(trials) == 6


def test_a_failed_trial_is_one_to_avoid():
    proposer = SettingsProposer(searched("ease", "regularization"), "auc", 0)
    trials = [Trial(0, {"regularization": 100.0}, 1.0, {"auc": 0.6})]
    for number in range(1, 30):
        settings = proposer.propose(trials)
        failed = "diverged" if settings["regularization"] < 100 else None
        metrics = {} if failed else {"auc": 0.6}
        trials.append(Trial(number, settings, 1.0, metrics, failed))
    count = [sum(trial.failed is not None for trial in trials[a:b]) for a, b in ((1, 10), (20, 29))]
    assert count[0] >= 3 and count[1] < count[0]


def test_without_optuna(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r"pip install 'keras-fashion\[tune\]'"):
        SettingsProposer({}, "auc", 0)
