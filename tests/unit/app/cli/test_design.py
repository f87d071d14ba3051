"""`keras-fashion design`: what it writes, how it calls the library, and what it refuses."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from keras_fashion.app.cli.main import main
from keras_fashion.app.run import Run
from keras_fashion.design import AGGREGATIONS, PROCEDURES, Designs


def test_a_group_at_two_weights_of_realism(chain, succeed, unseen, tmp_path):
    out = tmp_path / "deep" / "designs"
    answer = json.loads(
        succeed(
            *("design", chain.dvbpr, chain.gan, "--user", "0002", "--user", "0005", "--weight", 1),
            *("--weight", 3, "--aggregation", "soft-min", "--category", "Tops", "--count", 2),
            *("--eta", 0.5, "--eta", 8, "--unseen", unseen, "--out", out, "--json"),
        )
    )
    assert set(answer) == {"users", "category", "designs", "latents", "sheet"}
    assert (answer["users"], answer["category"]) == (["0002", "0005"], "Tops")
    rows, files = answer["designs"], [out / f"design_{number}.png" for number in (1, 2, 3, 4)]
    assert [row["file"] for row in rows] == [str(path) for path in files]
    assert [row["eta"] for row in rows] == [0.5, 0.5, 8, 8]
    assert {row["for"] for row in rows} == {"2 users"}
    assert sorted(out.iterdir()) == [*files, out / "latents.npy", out / "sheet.png"]

    gan = Run(chain.gan).model
    latents = np.load(answer["latents"])
    assert latents.shape == (4, 100) and latents.dtype == np.float32
    pictures = np.stack([np.asarray(Image.open(path)) for path in files])
    assert np.abs(pictures.astype(int) - gan.draw(latents, np.full(4, 2))).max() <= 1
    with Image.open(answer["sheet"]) as sheet:
        assert sheet.format == "PNG" and sheet.width > 128 * (4 + 2) and sheet.height > 128 * 3

    # What it says is what the networks say of the files.
    scaled = pictures / np.float32(127.5) - 1
    realism = gan.discriminate(pictures, np.full(4, 2))
    np.testing.assert_allclose([row["realism"] for row in rows], realism, atol=0.02)
    standard = {}
    for name, path in (("standard", chain.dvbpr), ("unseen", unseen)):
        run = Run(path)
        users = [run.catalogue.user_index(user) for user in ("0002", "0005")]
        liked = run.vectors.users[users] @ run.model.encoder(scaled).numpy().T
        items = run.vectors.scores(np.array(users))[:, run.catalogue.item_categories == 2]
        level, spread = (part[:, None] for part in (items.mean(axis=1), items.std(axis=1)))
        standard[name] = ((liked - level) / spread).mean(axis=0)
        np.testing.assert_allclose([row[name] for row in rows], standard[name], atol=1e-3)
        if name == "standard":
            less = (items[:, None] < liked[..., None]).mean(axis=-1)
            np.testing.assert_allclose([row["liked_less"] for row in rows], less.mean(axis=0))
            for row, each in zip(rows, less.T, strict=True):
                assert row["members"] == pytest.approx(
                    dict(zip(("0002", "0005"), each, strict=True))
                )
    gap = standard["standard"] - standard["unseen"]
    assert np.abs(gap).max() > 0.1
    np.testing.assert_allclose([row["gap"] for row in rows], gap, atol=2e-3)


def test_judges_decide_together(chain, succeed, unseen, tmp_path):
    options = ("--user", "0002", "--category", "Tops", "--count", 1, "--json")
    answer = json.loads(
        succeed(
            *("design", chain.dvbpr, chain.gan, *options, "--judge", unseen),
            *("--out", tmp_path / "designs"),
        )
    )
    (row,) = answer["designs"]
    scaled = np.asarray(Image.open(row["file"]))[None] / np.float32(127.5) - 1
    items, liked = 0.0, 0.0
    for path in (chain.dvbpr, unseen):
        run = Run(path)
        scores = run.vectors.scores(np.array([run.catalogue.user_index("0002")]))[0]
        user = run.vectors.users[run.catalogue.user_index("0002")]
        items = items + scores / scores.std()
        liked = liked + (run.model.encoder(scaled).numpy() @ user) / scores.std()
    of_category = items[run.catalogue.item_categories == 2]
    assert row["liked_less"] == pytest.approx((of_category < liked[0]).mean())


@pytest.fixture
def asked(monkeypatch):
    """The arguments that the library was called with; a stand-in returns noise at once."""
    asked = SimpleNamespace()

    def design_for_targets(
        maximizer, targets, category, count, etas, seed=0, aggregation=None, fixed_directions=None
    ):
        vars(asked).update(locals())
        rng, shape = np.random.default_rng(0), (len(targets) * len(etas), count)
        return Designs(
            rng.integers(0, 256, (*shape, 16, 16, 3)).astype(np.uint8),
            rng.uniform(-1, 1, (*shape, 100)).astype(np.float32),
            *rng.normal(size=(2, *shape)).astype(np.float32),
            path=np.zeros((1, *shape, 100), np.float32),
            evaluations=0,
        )

    monkeypatch.setattr("keras_fashion.design.targets.design_for_targets", design_for_targets)
    monkeypatch.setattr(
        "keras_fashion.design.attribute_labels.attribute_directions",
        lambda gan, catalogue, category, names: (category, *names),
    )
    return asked


def test_one_user_as_the_paper_did(chain, asked, succeed, tmp_path, monkeypatch):
    # Its sheet would trace the networks for one more maximizer.
    monkeypatch.setattr(
        "keras_fashion.app.report.design_sheets.design_sheet", lambda *_: Image.new("RGB", (9, 9))
    )
    lines = succeed(
        *("design", chain.dvbpr, chain.gan, "--user", "0003", "--category", "Shoes"),
        *("--procedure", "dvbpr", "--seed", 6, "--out", tmp_path),
    ).splitlines()
    assert len(lines) == 4 and lines[3] == str(tmp_path / "sheet.png")
    assert lines[0].startswith(f"{tmp_path / 'design_1.png'}  0003, eta 0.25: preference ")
    assert "unseen" not in lines[0] and "(" not in lines[0]
    assert asked.maximizer.procedure == PROCEDURES["dvbpr"]
    assert (asked.category, asked.count, asked.etas, asked.seed) == (1, 3, (0.25,), 6)
    assert asked.aggregation is AGGREGATIONS["mean"]


def test_a_group_in_words(chain, asked, unseen, succeed, tmp_path):
    line, *_ = succeed(
        *("design", chain.dvbpr, chain.gan, "--user", "0002", "--user", "0005", "--category"),
        *(
            "Tops",
            "--aggregation",
            "least-misery",
            "--weight",
            2,
            "--weight",
            1,
            "--unseen",
            unseen,
        ),
        *("--out", tmp_path),
    ).splitlines()
    assert " (0002 " in line and ", 0005 " in line
    assert "; standard preference " in line and ", unseen " in line and ", gap " in line
    assert asked.targets[0].weights.tolist() == [2, 1]
    assert asked.aggregation is AGGREGATIONS["least-misery"] and asked.fixed_directions == (2,)


def test_a_row_a_cluster(chain, asked, succeed, tmp_path):
    answer = json.loads(
        succeed(
            *("design", chain.dvbpr, chain.gan, "--clusters", 3, "--category", "Bags"),
            *("--count", 1, "--hold", "lightness", "--out", tmp_path, "--json"),
        )
    )
    assert answer["clusters"] == 3 and "users" not in answer
    names = [row["for"] for row in answer["designs"]]
    sizes = [int(name.split("(")[1].split()[0]) for name in names]
    assert len(names) == 3 and sum(sizes) == 8 and sizes == sorted(sizes, reverse=True)
    assert all("members" not in row for row in answer["designs"])
    assert np.load(tmp_path / "latents.npy").shape == (3, 100)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.height > 3 * 128
    assert (
        asked.fixed_directions == (0, "lightness")
        and asked.maximizer.procedure == PROCEDURES["default"]
    )


def test_what_stood_there_stays_where_a_file_cannot_be_written(chain, asked, call, tmp_path):
    (tmp_path / "design_1.png").write_text("before")
    (tmp_path / "latents.npy").mkdir()
    (tmp_path / "latents.npy" / "in the way").write_text("")
    wanted = (*USER, "--category", "Tops", "--out")
    result = call("design", chain.dvbpr, chain.gan, *wanted, tmp_path)
    assert result.exit_code == 1 and result.stderr.startswith("Error: ")
    assert (tmp_path / "design_1.png").read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["design_1.png", "latents.npy"]

    below_a_file = tmp_path / "design_1.png" / "designs"
    result = call("design", chain.dvbpr, chain.gan, *wanted, below_a_file)
    assert result.exit_code == 1 and result.stdout == ""
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
    assert str(below_a_file.parent) in result.stderr


def test_choices_are_those_of_the_library():
    options = {each.name: each.type for each in main.commands["design"].params}
    assert list(options["aggregation"].choices) == list(AGGREGATIONS)
    assert list(options["procedure"].choices) == list(PROCEDURES)


USER = ("--user", "0003")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--user", "x"), "no user 'x'"),
        (("--user", "0009"), "not trained on user '0009'"),
        ((*USER, "--category", "Hats"), "no category 'Hats'"),
        ((*USER, "--count", 99), "--count must be from 1 to"),
        ((*USER, "--hold", "lightnes"), "no attribute 'lightnes'; there are lightness"),
        ((*USER, "--hold", "color=red"), "no column 'color'"),
        (("--clusters", 9), "9 clusters of 8 users; ask for 1 to 8"),
        (("--clusters", 0), "0 clusters of 8 users"),
        ((*USER, "--unseen", "{gan}"), "a run of gan, not of dvbpr"),
        ((*USER, "--unseen", "{dvbpr}"), "is the run that designs"),
        ((*USER, "--judge", "{dvbpr}"), "is the run that designs"),
        ((*USER, "--judge", "{gan}"), "a run of gan, not of dvbpr"),
        ((*USER, "--unseen", "{catalogue}"), "not a run folder"),
    ],
)
def test_mistakes_are_one_line(chain, call, tmp_path, arguments, message):
    paths = {"gan": chain.gan, "dvbpr": chain.dvbpr, "catalogue": chain.catalogue}
    arguments = [str(each).format(**paths) for each in arguments]
    if "--category" not in arguments:
        arguments += ["--category", "Tops"]
    result = call("design", chain.dvbpr, chain.gan, *arguments, "--out", tmp_path / "out")
    assert result.exit_code == 1 and result.stdout == ""
    assert message in result.stderr and result.stderr.startswith("Error: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "either --user, once or more, or --clusters"),
        ((*USER, "--clusters", 2), "either --user, once or more, or --clusters"),
        (("--clusters", 2, "--weight", 1), "are for a group of --user"),
        (("--clusters", 2, "--aggregation", "mean"), "are for a group of --user"),
        ((*USER, "--weight", 1, "--weight", 1), "2 --weight for 1 --user"),
        ((*USER, "--weight", 0), "not all weights are 0"),
        ((*USER, "--weight", -1), "-1.0 is not in the range"),
        ((*USER, "--weight", "nan"), "are finite"),
        ((*USER, "--eta", -1), "-1.0 is not in the range"),
        ((*USER, "--eta", 1, "--eta", "inf"), "are finite"),
        ((*USER, "--seed", -1), "'--seed'"),
        ((*USER, "--aggregation", "max"), "'mean', 'least-misery', 'soft-min'"),
        ((*USER, "--hold", "lightness", "--procedure", "dvbpr"), "the default --procedure"),
    ],
)
def test_options_that_cannot_be(call, tmp_path, arguments, message):
    result = call("design", ".", ".", *arguments, "--category", "Tops", "--out", tmp_path / "out")
    assert result.exit_code == 2 and result.stdout == "" and message in result.stderr


def test_runs_of_other_catalogues_and_other_users(chain, unseen, call, tmp_path):
    other = tmp_path / "other"
    wanted = (*USER, "--category", "Tops", "--out", tmp_path / "out")

    def refused(*arguments):
        result = call("design", chain.dvbpr, *arguments, *wanted)
        assert result.exit_code == 1 and result.stderr.count("\n") == 1
        assert not (tmp_path / "out").exists()
        return result.stderr

    for run, before in ((chain.gan, ()), (unseen, (chain.gan, "--unseen"))):
        shutil.copytree(run, other)
        config = json.loads((other / "config.json").read_text())
        (other / "config.json").write_text(json.dumps(config | {"fingerprint": "f" * 64}))
        message = refused(*before, other)
        assert "different catalogues" in message and str(other) in message
        shutil.rmtree(other)
    shutil.copytree(unseen, other)
    (other / "split.csv").write_text("user,item,part\n0003,0101,train\n")
    message = refused(chain.gan, "--unseen", other)
    assert "not trained on 7 of the users" in message and "--split" in message
