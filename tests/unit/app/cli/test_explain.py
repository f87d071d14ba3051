"""`keras-fashion explain`: what it writes, and what it refuses."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from keras_fashion.app.run import Run


@pytest.fixture
def explain(chain, call, tmp_path):
    """Calls it with the DVBPR and `sheet.png`."""

    def explain(*arguments, run=chain.dvbpr):
        return call("explain", run, *arguments, "--out", tmp_path / "sheet.png")

    return explain


def test_an_item(chain, explain, tmp_path):
    run = Run(chain.dvbpr)
    catalogue = run.catalogue
    item = int(np.flatnonzero(catalogue.item_categories == 2)[0])
    arguments = ("--user", "0003", "--item", catalogue.item_ids[item])
    result = explain(*arguments, "--json")
    assert result.exit_code == 0 and result.stdout.count("\n") == 1
    found = json.loads(result.stdout)
    assert list(found) == [
        *("users", "item", "category", "preference", "liked_less", "influence_of_thirds"),
        *("alike", "better", "sheet"),
    ]
    assert (found["users"], found["item"]) == (["0003"], catalogue.item_ids[item])
    assert found["category"] == "Tops" and found["sheet"] == str(tmp_path / "sheet.png")

    scores = run.vectors.scores(np.array([catalogue.user_index("0003")]))[0]
    tops = scores[catalogue.item_categories == 2]
    assert found["preference"] == pytest.approx(scores[item], rel=1e-4)
    assert found["liked_less"] == (tops < scores[item]).mean()
    assert np.shape(found["influence_of_thirds"]) == (3, 3)
    assert len(found["alike"]) == 4 and found["item"] not in [e["item"] for e in found["alike"]]
    if found["better"] is not None:
        assert found["better"]["preference"] == pytest.approx(tops.max(), rel=1e-4)
        assert found["better"]["differences"] == {}
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.format == "PNG" and sheet.width > 7 * 192

    lines = explain(*arguments).stdout.splitlines()
    assert lines[0].startswith(f"{catalogue.item_ids[item]}: preference ")
    assert lines[-1] == str(tmp_path / "sheet.png")
    assert sum(line.startswith("alike ") for line in lines) == 4


def test_a_picture_for_a_group(explain, tmp_path):
    picture = Image.new("RGBA", (50, 40), (0, 0, 0, 0))
    picture.paste((10, 60, 120), (10, 10, 40, 30))
    picture.save(tmp_path / "design.png")
    result = explain(
        *("--user", "0002", "--user", "0005"),
        *("--picture", tmp_path / "design.png", "--category", "Shoes", "--json"),
    )
    found = json.loads(result.stdout)
    assert found["users"] == ["0002", "0005"] and found["category"] == "Shoes"
    assert found["picture"] == str(tmp_path / "design.png") and "item" not in found
    assert 0 <= found["liked_less"] <= 1 and len(found["alike"]) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--user", "0033", "--item", "0101"), "no user '0033'"),
        (("--user", "0009", "--item", "0101"), "not trained on user '0009'"),
        (("--user", "0003", "--item", "0500"), "no item '0500'"),
        (("--user", "0003", "--picture", "{a}", "--category", "Hats"), "no category 'Hats'"),
        (("--user", "0003", "--picture", "{a}", "--category", "Tops"), "a.png is damaged"),
    ],
)
def test_mistakes_are_one_line(explain, tmp_path, arguments, message):
    path = tmp_path / "a.png"
    path.write_text("no picture")
    result = explain(*(each.format(a=path) for each in arguments))
    assert result.exit_code == 1 and result.stdout == ""
    assert message in result.stderr and result.stderr.count("\n") == 1
    assert not (tmp_path / "sheet.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--user", "0003"), "either --item, or --picture"),
        (("--user", "0003", "--item", "0101", "--category", "Tops"), "go together"),
        (("--user", "0003", "--picture", __file__), "go together"),
        (("--user", "0003", "--item", "1", "--picture", __file__), "either --item, or --picture"),
        (("--user", "0003", "--picture", "nowhere.png", "--category", "Tops"), "does not exist"),
        (("--item", "0101"), "Missing option '--user'"),
    ],
)
def test_options_that_do_not_go_together(explain, arguments, message):
    result = explain(*arguments)
    assert result.exit_code == 2 and message in result.stderr


def test_runs_that_do_not_score_by_pictures_alone(chain, explain, tmp_path):
    wanted = ("--user", "0003", "--item", "0101")
    result = explain(*wanted, run=chain.gan)
    assert result.exit_code == 1 and "a run of gan, not of dvbpr" in result.stderr

    biased = tmp_path / "biased"
    shutil.copytree(chain.dvbpr, biased)
    config = json.loads((biased / "config.json").read_text())
    assert config["options"]["bias"] is False
    config["options"]["bias"] = True
    (biased / "config.json").write_text(json.dumps(config))
    result = explain(*wanted, run=biased)
    assert result.exit_code == 1
    assert "--latent-size, --bias" in result.stderr and str(biased) in result.stderr
