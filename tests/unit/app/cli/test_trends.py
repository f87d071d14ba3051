"""`keras-fashion trends`: what it writes, and what it refuses."""

import io
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_world import make_gan, make_run

from keras_fashion.app.run import Run
from keras_fashion.data import Catalogue, TimeCut, format_day, parse_day, prepare, temporal_split
from keras_fashion.data.sources.in_memory import InMemory
from keras_fashion.design import Designs
from keras_fashion.evaluation import item_trends, value_trends
from keras_fashion.models import DVBPR, CompactEncoder, TimeTerms

CUT = {"test_from": "2020-11-01", "validation_from": "2020-10-01", "test_until": None}
ALL = ["trend", "season", "category"]
ITEMS = 105
FILES = ["items.png", "trends.csv", "trends.png"]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    """35 items a category; purchases from January 2020 on, and training until September."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(ITEMS):
        png = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8)).save(png, "PNG")
        category, color = ("Bags", "Shoes", "Tops")[number % 3], ("black", "red", "")[number // 50]
        rows.append((f"{number:03d}", category, png.getvalue(), color))
    bought = [
        (f"u{user}", f"{item:03d}", format_day(parse_day("2020-01-05") + day))
        for user in range(6)
        for item, day in zip(rng.permutation(ITEMS)[:12], range(0, 360, 30), strict=True)
    ]
    bought.append(("late", "003", "2020-11-20"))
    folder = tmp_path_factory.mktemp("dated") / "shop"
    items = pd.DataFrame(rows, columns=["item", "category", "picture", "color"])
    prepare(InMemory(items, pd.DataFrame(bought, columns=["user", "item", "time"])), folder)
    return Catalogue.load(folder)


@pytest.fixture(scope="module")
def runs(catalogue, tmp_path_factory):
    """A run of a DVBPR for each choice of terms, and that of a GAN."""
    folder = tmp_path_factory.mktemp("runs")
    split = temporal_split(catalogue, TimeCut(**CUT))

    def make(name, terms):
        size = len(catalogue.user_ids), len(catalogue.item_ids)
        encoder = CompactEncoder(8, (32, 32), width=4, seed=0)
        time_terms = TimeTerms.from_catalogue(8, terms, catalogue, split)
        model = DVBPR(*size, encoder, time_terms=time_terms, with_history=True)
        spread = [model.theta] + (time_terms.trainable_variables if terms else [])
        run = make_run(folder / name, "dvbpr", model, catalogue, spread, time_cut=CUT)
        return run.path

    named = {"all": ALL, "trend": ["trend"], "season": ["season"], "timeless": []}
    made = {name: make(name, terms) for name, terms in named.items()}
    return SimpleNamespace(**made, gan=make_gan(folder / "gan", catalogue).path)


def test_what_rises_and_falls(runs, succeed, tmp_path):
    answer = json.loads(succeed("trends", runs.all, "--out", tmp_path / "out", "--json"))
    assert [*answer] == ["category", "quarters", "rises", "falls", "seasons", "files"]
    assert answer["category"] is None
    assert answer["quarters"] == ["2020 Q1", "2020 Q2", "2020 Q3"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES
    assert answer["files"] == {
        "table": str(tmp_path / "out" / "trends.csv"),
        "plot": str(tmp_path / "out" / "trends.png"),
        "items": str(tmp_path / "out" / "items.png"),
    }

    run = Run(runs.all)
    values = value_trends(item_trends(run), run.catalogue)
    named = list(zip(values.columns, values.values, strict=True))
    assert named == [
        *(("category", "Bags"), ("category", "Shoes"), ("category", "Tops")),
        *(("color", "black"), ("color", "red")),
    ]
    table = pd.read_csv(answer["files"]["table"])
    assert list(zip(table["column"], table["value"], strict=True)) == named
    assert table["items"].tolist() == [35, 35, 35, 50, 50]
    months = ["January", "February", "March", "April", "May", "June", "July", "August"]
    months += ["September", "October", "November", "December"]
    assert [*table][3:] == [*answer["quarters"], *months]
    np.testing.assert_allclose(table[answer["quarters"]].T, values.trend, atol=1e-4)
    np.testing.assert_allclose(table[months].T, values.season, atol=1e-4)

    change = (table["2020 Q3"] - table["2020 Q1"]).to_numpy()
    for key, sign in (("rises", 1), ("falls", -1)):
        found = [(row["column"], row["value"]) for row in answer[key]]
        assert found == [named[i] for i in np.argsort(-sign * change) if sign * change[i] > 0]
        expected = np.sort(sign * change[sign * change > 0])[::-1]
        np.testing.assert_allclose(
            [sign * row["change"] for row in answer[key]], expected, atol=2e-4
        )
    assert [each["season"] for each in answer["seasons"]] == [
        *("spring (March to May)", "summer (June to August)"),
        *("autumn (September to November)", "winter (December to February)"),
    ]
    summer = table[["June", "July", "August"]].mean(axis=1)
    first = answer["seasons"][1]["values"][0]
    best = int(summer.argmax())
    assert (first["column"], first["value"]) == named[best]
    assert first["mean"] == pytest.approx(summer.max(), abs=2e-4)
    assert first["peak"] == months[table[months].iloc[best].argmax()]
    with Image.open(answer["files"]["items"]) as sheet:
        assert sheet.width > 8 * 128 and sheet.height > 6 * 128


def test_in_words(runs, succeed, tmp_path):
    arguments = ("trends", runs.all, "--out", tmp_path)
    rows = json.loads(succeed(*arguments, "--json"))
    lines = succeed(*arguments).splitlines()
    assert lines[0] == "rises from 2020 Q1 to 2020 Q3:"
    first = rows["rises"][0]
    of = f"{first['value']} ({first['column']}, {first['items']} items)"
    assert lines[1] == f"  {first['change']:+.2f}  {of}"
    first = rows["seasons"][1]["values"][0]
    of = f"{first['value']} ({first['column']}, {first['items']} items); most in {first['peak']}"
    assert lines[lines.index("summer (June to August):") + 1] == f"  {first['mean']:+.2f}  {of}"
    assert lines[-3:] == [*rows["files"].values()]


def test_a_category_none_of_whose_colors_has_thirty_items(runs, succeed, tmp_path):
    lines = succeed("trends", runs.all, "--category", "Bags", "--out", tmp_path).splitlines()
    table, sheet = tmp_path / "trends.csv", tmp_path / "items.png"
    assert lines == [
        "no category or value of an attribute has enough of these items, but not all",
        *(str(table), str(sheet)),
    ]
    assert table.read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("name", "rows", "files"),
    [("trend", 2, FILES), ("season", 4, ["items.png", "trends.csv"])],
)
def test_what_a_run_does_not_know_is_left_out(runs, succeed, tmp_path, name, rows, files):
    answer = json.loads(succeed("trends", getattr(runs, name), "--out", tmp_path, "--json"))
    assert ("rises" in answer) == ("falls" in answer) == (name == "trend")
    assert ("seasons" in answer) == (name == "season")
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    with Image.open(tmp_path / "items.png") as sheet:
        assert rows * 128 < sheet.height < (rows + 1.5) * (128 + 34)
    columns = pd.read_csv(tmp_path / "trends.csv").shape[1]
    assert columns == 3 + (3 if name == "trend" else 12)


@pytest.fixture
def asked(monkeypatch):
    """The arguments that the library was called with; a stand-in returns noise at once."""
    asked = SimpleNamespace()

    def design_for_targets(maximizer, targets, category, count, etas):
        vars(asked).update(locals())
        rng, shape = np.random.default_rng(0), (len(targets), count)
        return Designs(
            rng.integers(0, 256, (*shape, 32, 32, 3)).astype(np.uint8),
            rng.uniform(-1, 1, (*shape, 6)).astype(np.float32),
            *rng.normal(size=(2, *shape)).astype(np.float32),
            path=np.zeros((1, *shape, 6), np.float32),
            evaluations=0,
        )

    monkeypatch.setattr(
        "keras_fashion.app.report.trend_report.design_for_targets", design_for_targets
    )
    return asked


def test_designs_of_twelve_months(runs, asked, succeed, tmp_path):
    arguments = (*("trends", runs.all, runs.gan, "--user", "u2"), *("--category", "Shoes"))
    answer = json.loads(succeed(*arguments, "--out", tmp_path, "--json"))
    assert answer["user"] == "u2" and answer["files"]["strip"] == str(tmp_path / "strip.png")
    months = [each["month"] for each in answer["designs"]]
    assert months[:3] == ["October 2020", "November 2020", "December 2020"]
    assert months[3] == "January 2021" and months[11] == "September 2021"
    assert {*answer["designs"][0]} == {"month", "preference", "realism"}
    assert (asked.category, asked.count, asked.etas) == (1, 1, [0.25])

    run = Run(runs.all)
    user = run.catalogue.user_index("u2")
    for month, target in enumerate(asked.targets, start=12 * 50 + 9):
        vectors = run.model.scoring_vectors(
            items=run.vectors.items, train=run.split.train, month=month
        )
        np.testing.assert_allclose(target.user_embeddings, vectors.users[[user]], rtol=1e-4)
        assert target.users.tolist() == [user]
    with Image.open(tmp_path / "strip.png") as strip:
        assert strip.width > 12 * 128 and strip.height < 2 * 128
    lines = succeed(*arguments, "--out", tmp_path).splitlines()
    assert any(line.startswith("January 2021: preference ") for line in lines)
    assert lines[-1] == str(tmp_path / "strip.png")


def test_mistakes(runs, call, tmp_path):
    def refused(*arguments, code=1):
        result = call("trends", *arguments, "--out", tmp_path / "out")
        assert result.exit_code == code and result.stdout == ""
        assert not (tmp_path / "out").exists()
        return result.stderr

    for run in (runs.timeless, runs.gan):
        message = refused(run)
        assert f"{run} knows no trend and no season" in message
        assert "with --split-time and --time-terms" in message
    assert "no category 'Hats'" in refused(runs.all, "--category", "Hats")
    strip = ("--user", "u2", "--category", "Bags")
    assert "GAN and --user go together" in refused(runs.all, *strip, code=2)
    assert "GAN and --user go together" in refused(runs.all, runs.gan, code=2)
    assert "need a --category" in refused(runs.all, runs.gan, "--user", "u2", code=2)
    assert "a run of dvbpr, not of gan" in refused(runs.all, runs.all, *strip)
    assert "no user 'ann'" in refused(runs.all, runs.gan, "--user", "ann", *strip[2:])
    assert "not trained on user 'late'" in refused(runs.all, runs.gan, "--user", "late", *strip[2:])


def test_what_stood_there_stays_where_a_file_cannot_be_written(runs, call, tmp_path):
    succeeded = tmp_path / "out"
    shutil.copytree(runs.gan, succeeded / "items.png")
    (succeeded / "trends.csv").write_text("before")
    result = call("trends", runs.all, "--out", succeeded)
    assert result.exit_code == 1 and result.stderr.startswith("Error: ")
    assert (succeeded / "trends.csv").read_text() == "before"
