"""Trainings on the past, whose runs are ranked on what comes later."""

import io

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from keras_fashion import InputError
from keras_fashion.app import Run, compare_runs, recommender_options, train_recommender
from keras_fashion.app.cli.main import main
from keras_fashion.data import (
    Catalogue,
    InMemory,
    TemporalSplit,
    TimeCut,
    format_day,
    last_out,
    parse_day,
    prepare,
    temporal_split,
)
from keras_fashion.evaluation import rank_held_out

CUT = TimeCut("2020-03-01", validation_from="2020-02-10")
SMALL = {
    "recentpop": {"days": 20},
    "bprmf": {"epochs": 2, "batch_size": 16, "latent_size": 4},
    "dvbpr": {
        **{"epochs": 2, "batch_size": 8, "picture_size": 16, "embedding_size": 4},
        **{"history": 4, "negatives": 8},
    },
}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    rng = np.random.default_rng(0)
    first = parse_day("2020-01-01")
    png = io.BytesIO()
    Image.new("RGB", (16, 16), "navy").save(png, "PNG")
    items = pd.DataFrame(
        {"item": [f"i{n:02}" for n in range(20)], "category": "Tops", "picture": png.getvalue()}
    )
    rows = rng.integers(0, [8, 20, 90], (160, 3))
    bought = pd.DataFrame(
        {
            "user": [f"u{user}" for user, _, _ in rows],
            "item": [f"i{item:02}" for _, item, _ in rows],
            "time": [format_day(first + day) for _, _, day in rows],
        }
    )
    folder = tmp_path_factory.mktemp("temporal") / "shop"
    prepare(InMemory(items, bought), folder)
    return Catalogue.load(folder)


def test_the_days_of_a_catalogue_are_those_of_its_pairs(tmp_path):
    png = io.BytesIO()
    Image.new("RGB", (4, 4), "navy").save(png, "PNG")
    items = pd.DataFrame({"item": ["b", "a"], "category": "Tops", "picture": png.getvalue()})
    bought = pd.DataFrame(
        {
            "user": ["zoe", "ann", "zoe"],
            "item": ["a", "b", "b"],
            "time": ["2020-01-03", "2020-01-01", ""],
        }
    )
    prepare(InMemory(items, bought), tmp_path / "shop")
    shop = Catalogue.load(tmp_path / "shop")
    found = {
        (shop.user_ids[user], shop.item_ids[item]): day
        for (user, item), day in zip(shop.interactions, shop.interaction_days, strict=True)
    }
    unknown = np.iinfo(np.int32).min
    day = parse_day("2020-01-01")
    assert found == {("zoe", "a"): day + 2, ("ann", "b"): day, ("zoe", "b"): unknown}


@pytest.mark.parametrize("model", SMALL)
def test_a_run_is_split_in_time_again_when_it_is_opened(catalogue, tmp_path, model):
    options = recommender_options(model, **SMALL[model])
    run = Run(train_recommender(catalogue, tmp_path / "run", options, CUT).path)
    expected = temporal_split(catalogue, CUT)
    assert isinstance(run.split, TemporalSplit) and run.time_cut == CUT
    np.testing.assert_array_equal(run.split.test, expected.test)
    np.testing.assert_array_equal(run.split.test_days, expected.test_days)
    means = rank_held_out(run.vectors, run.split, ks=(3,)).means()
    assert 0 <= means["auc_all"] <= 1
    assert train_recommender(catalogue, tmp_path / "run", options, CUT).metrics == run.metrics


def test_another_split_is_another_training(catalogue, tmp_path):
    options = recommender_options("recentpop")
    train_recommender(catalogue, tmp_path / "run", options, CUT)
    for other in (TimeCut("2020-03-02", "2020-02-10"), None):
        with pytest.raises(InputError, match="is another training: its split is not"):
            train_recommender(catalogue, tmp_path / "run", options, other)


def test_runs_of_another_split_are_not_compared(catalogue, tmp_path):
    options = recommender_options("poprank")
    runs = [
        train_recommender(catalogue, tmp_path / str(number), options, cut)
        for number, cut in enumerate((CUT, TimeCut("2020-03-08", "2020-02-10"), CUT))
    ]
    with pytest.raises(InputError, match="splits: --split-time 2020-03-01 and .* 2020-03-08"):
        compare_runs(runs[:2])
    comparison = compare_runs([runs[0], runs[2]])
    assert comparison.users == len(np.unique(runs[0].split.test[:, 0]))


@pytest.mark.parametrize("model", ["itemknn", "bprmf"])
def test_a_run_of_the_last_purchases_is_split_so_again(catalogue, tmp_path, model):
    options = recommender_options(model, **SMALL.get(model, {}))
    run = train_recommender(catalogue, tmp_path / "run", options, "last-out", split_seed=3)
    opened = Run(run.path)
    expected = last_out(catalogue, seed=3)
    assert isinstance(opened.split, TemporalSplit) and opened.is_last_out
    for part in ("train", "validation", "test", "test_days"):
        np.testing.assert_array_equal(getattr(opened.split, part), getattr(expected, part))
    assert 0 <= rank_held_out(opened.vectors, opened.split).means()["auc_all"] <= 1
    again = train_recommender(catalogue, tmp_path / "run", options, "last-out", split_seed=3)
    assert again.metrics == run.metrics
    for other, message in ((None, "is not leave one out"), (CUT, "is not TimeCut")):
        with pytest.raises(InputError, match=f"is another training: its split {message}"):
            train_recommender(catalogue, tmp_path / "run", options, other, split_seed=3)
    with pytest.raises(InputError, match="started with --split-seed 3, not 4"):
        train_recommender(catalogue, tmp_path / "run", options, "last-out", split_seed=4)


def test_the_last_purchases_are_compared_with_no_other_split(catalogue, tmp_path):
    options = recommender_options("poprank")
    runs = [
        train_recommender(catalogue, tmp_path / str(number), options, split)
        for number, split in enumerate(("last-out", None, CUT, "last-out"))
    ]
    names = ["--split-seed 0", "--split-time 2020-03-01"]
    for other, name in zip(runs[1:3], names, strict=True):
        with pytest.raises(InputError, match=f"splits: --last-out --split-seed 0 and {name}"):
            compare_runs([runs[0], other])
    assert compare_runs([runs[0], runs[3]]).users == len(runs[0].split.test)
    # The same interactions in a file are ranked among other items: also what is not on sale.
    parts = {"train": "train", "validation": "valid", "test": "test"}
    table = tmp_path / "split.csv"
    with open(table, "w") as file:
        print("user,item,part", file=file)
        for part, name in parts.items():
            for user, item in getattr(runs[0].split, part):
                print(catalogue.user_ids[user], catalogue.item_ids[item], name, sep=",", file=file)
    same = train_recommender(catalogue, tmp_path / "file", options, table)
    np.testing.assert_array_equal(np.sort(same.split.test, 0), np.sort(runs[0].split.test, 0))
    with pytest.raises(InputError, match="splits: --last-out --split-seed 0 and .*split.csv"):
        compare_runs([runs[0], same])


def call(*arguments):
    return CliRunner().invoke(main, [str(each) for each in arguments])


def test_the_command_takes_days(catalogue, tmp_path):
    days = ["--split-time", "2020-03-01", "--validation-time", "2020-02-10"]
    result = call("train", "recentpop", catalogue.path, "--out", tmp_path / "run", *days)
    assert result.exit_code == 0, result.output
    assert Run(tmp_path / "run").time_cut == CUT
    assert not Run(tmp_path / "run").is_last_out


def test_the_command_holds_out_the_last_purchases(catalogue, tmp_path):
    result = call("train", "itemknn", catalogue.path, "--out", tmp_path / "run", "--last-out")
    assert result.exit_code == 0, result.output
    run = Run(tmp_path / "run")
    assert run.is_last_out and run.time_cut is None
    np.testing.assert_array_equal(run.split.test, last_out(catalogue, seed=0).test)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--split-time", "March"], "'March' is no date; write it as YYYY-MM-DD"),
        (["--split-time", "2031-03-01"], "the test part is empty"),
        (["--test-until", "2020-03-01"], "--validation-time and --test-until go with --split-time"),
        (["--split-time", "2020-03-01", "--split", __file__], "give one of --split, --split-time"),
        (["--last-out", "--split-time", "2020-03-01"], "give one of --split, --split-time and"),
        (["--last-out", "--test-until", "2020-03-01"], "go with --split-time"),
        (["--last-out"], "needs a training that ends before the test part begins"),
        ([], "needs a split in time; give --split-time"),
    ],
)
def test_what_is_no_split_in_time_is_refused(catalogue, tmp_path, options, message):
    result = call("train", "recentpop", catalogue.path, "--out", tmp_path / "run", *options)
    assert result.exit_code in (1, 2) and message in result.output
    assert not (tmp_path / "run").exists()
