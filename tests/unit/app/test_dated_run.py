"""Recommendations and designs at a date."""

import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from tiny_world import CATEGORIES, make_bprmf, make_gan, picture_file

from keras_fashion import InputError
from keras_fashion.app import Run
from keras_fashion.app.cli.main import main
from keras_fashion.app.dated_run import DatedRun
from keras_fashion.data import (
    Catalogue,
    InMemory,
    TimeCut,
    format_day,
    months_of_days,
    parse_day,
    prepare,
    temporal_split,
)
from keras_fashion.models import DVBPR, CompactEncoder, TimeTerms

FIRST = parse_day("2019-01-01")
CUT = TimeCut("2020-06-01", validation_from="2020-05-01")
WINTER, SUMMER = "2020-02-10", "2020-08-10"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    rng = np.random.default_rng(0)
    rows = [(f"i{n:02}", CATEGORIES[n % 3], picture_file(rng, "PNG")) for n in range(24)]
    items = pd.DataFrame(rows, columns=["item", "category", "picture"])
    # Item n is sold from day 20 n on, so that each day has other items.
    drawn = rng.integers(0, [6, 24, 600], (150, 3))
    bought = [(f"u{u}", f"i{min(i, day // 20):02}", format_day(FIRST + day)) for u, i, day in drawn]
    purchases = pd.DataFrame(bought, columns=["user", "item", "time"])
    folder = tmp_path_factory.mktemp("dated") / "shop"
    prepare(InMemory(items, purchases), folder)
    return Catalogue.load(folder)


@pytest.fixture(scope="module")
def run(catalogue, tmp_path_factory):
    """A DVBPR with random weights that knows trend, season, categories and recency."""
    split = temporal_split(catalogue, CUT)
    terms = TimeTerms.from_catalogue(8, ["trend", "season", "category"], catalogue, split)
    encoder = CompactEncoder(8, (32, 32), width=4, seed=0)
    model = DVBPR(6, 24, encoder, with_history=True, recency=50, time_terms=terms)
    rng = np.random.default_rng(1)
    for variable in (model.theta, *terms.trainable_weights):
        variable.assign(rng.normal(0, 2, variable.shape))
    path = tmp_path_factory.mktemp("dated") / "run"
    config = {"model": "dvbpr", "seed": 0, "split": None, "time_cut": asdict(CUT)}
    made = Run.create(path, config, catalogue)
    made.save_model(model)
    made.write_vectors()
    return Run(path)


@pytest.fixture(scope="module")
def gan(catalogue, tmp_path_factory):
    return make_gan(tmp_path_factory.mktemp("dated") / "gan", catalogue)


def ask(*arguments):
    return CliRunner().invoke(main, [str(each) for each in arguments])


def answer(*arguments):
    result = ask(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def purchases(catalogue, user):
    own = catalogue.interactions[:, 0] == user
    return dict(
        zip(
            catalogue.interactions[own, 1].tolist(),
            catalogue.interaction_days[own].tolist(),
            strict=True,
        )
    )


@pytest.mark.parametrize("date", [WINTER, SUMMER, "2021-12-24"])
def test_the_vectors_are_those_of_the_day(run, catalogue, date):
    day = parse_day(date)
    dated = DatedRun(run, day)
    pairs, days = run.split.before(day)
    month = int(months_of_days(np.array(day)))
    expected = run.model.scoring_vectors(
        items=run.vectors.items, train=pairs, train_days=days, month=month
    )
    for found, other in zip(dated.vectors, expected, strict=True):
        np.testing.assert_array_equal(found, other)
    assert dated.month == month
    user = int(run.split.train[0, 0])
    earlier = {item for item, bought in purchases(catalogue, user).items() if bought < day}
    assert set(dated.items_bought(user).tolist()) == earlier


@pytest.mark.parametrize("date", [WINTER, SUMMER])
def test_recommend_at_a_date(run, catalogue, date):
    user = int(run.split.train[0, 0])
    day = parse_day(date)
    rows = answer("recommend", run.path, "--user", catalogue.user_ids[user], "--at", date, "-k", 24)
    bought = purchases(catalogue, user)
    first_sale = np.full(24, np.iinfo(np.int32).max)
    np.minimum.at(first_sale, catalogue.interactions[:, 1], catalogue.interaction_days)
    expected = {
        str(catalogue.item_ids[item])
        for item in range(24)
        if first_sale[item] <= day and not bought.get(item, day) < day
    }
    assert {row["item"] for row in rows["items"]} == expected
    scores = DatedRun(run, day).vectors.scores(np.array([user]))[0]
    for row in rows["items"]:
        assert row["score"] == pytest.approx(scores[catalogue.item_index(row["item"])], rel=1e-4)


def test_a_newcomer_at_a_date(run, catalogue):
    item = str(catalogue.item_ids[0])
    found = [
        answer("recommend", run.path, "--history", item, "--at", at) for at in (WINTER, SUMMER)
    ]
    scores = [{row["item"]: row["score"] for row in each["items"]} for each in found]
    both = set(scores[0]) & set(scores[1])
    assert both and all(scores[0][each] != scores[1][each] for each in both)


def test_design_at_a_date(run, gan, catalogue, tmp_path):
    user = str(catalogue.user_ids[run.split.train[0, 0]])
    arguments = ["design", run.path, gan.path, "--user", user, "--category", "Shoes", "--count", 1]
    latents = {}
    for date in (WINTER, SUMMER):
        answer(*arguments, "--at", date, "--out", tmp_path / date)
        latents[date] = np.load(tmp_path / date / "latents.npy")
    assert np.abs(latents[WINTER] - latents[SUMMER]).max() > 0.01


def test_what_knows_no_time_has_no_dates(run, catalogue, tmp_path):
    timeless = make_bprmf(tmp_path / "bprmf", catalogue)
    with pytest.raises(InputError, match="does not change with time"):
        DatedRun(timeless, parse_day(SUMMER))
    user = str(catalogue.user_ids[run.split.train[0, 0]])
    result = ask("recommend", timeless.path, "--user", user, "--at", SUMMER)
    assert result.exit_code == 1 and "leave out --at" in result.output
    result = ask("recommend", run.path, "--user", user, "--at", "in spring")
    assert result.exit_code == 2 and "'in spring' is no date; write it as" in result.output
