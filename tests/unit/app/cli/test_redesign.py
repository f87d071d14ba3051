"""`keras-fashion redesign`: what it writes, and what it refuses."""

import json

import numpy as np
import pytest
from PIL import Image

from keras_fashion import design
from keras_fashion.app.run import Run
from keras_fashion.data.picture_store import read_picture
from keras_fashion.design import Redesign, describe_changes


@pytest.fixture
def redesign(chain, call, tmp_path):
    """Calls it with the DVBPR, the GAN and a folder."""

    def redesign(*arguments):
        return call("redesign", chain.dvbpr, chain.gan, *arguments, "--out", tmp_path / "out")

    return redesign


def test_an_item(chain, redesign, tmp_path):
    run, gan = Run(chain.dvbpr), Run(chain.gan).model
    catalogue, out = run.catalogue, tmp_path / "out"
    item = int(np.flatnonzero(catalogue.item_categories == 1)[0])
    name = catalogue.item_ids[item]
    result = redesign("--user", "0003", "--item", name, "--frames", 4, "--json")
    assert result.exit_code == 0 and result.stdout.count("\n") == 1
    answer = json.loads(result.stdout)
    assert list(answer) == [
        *("user", "item", "category", "liked_less", "frames", "latents", "sheet")
    ]
    assert (answer["user"], answer["item"], answer["category"]) == ("0003", name, "Shoes")
    user = catalogue.user_index("0003")
    scores = run.vectors.scores(np.array([user]))[0]
    shoes = scores[catalogue.item_categories == 1]
    assert answer["liked_less"] == pytest.approx((shoes < scores[item]).mean(), abs=1 / 8)

    files = [out / f"frame_{number}.png" for number in (1, 2, 3, 4)]
    assert [frame["file"] for frame in answer["frames"]] == [str(path) for path in files]
    assert sorted(out.iterdir()) == [*files, out / "latents.npy", out / "sheet.png"]
    latents = np.load(answer["latents"])
    assert latents.shape == (4, 100) and latents.dtype == np.float32
    drawn = gan.draw(latents, np.full(4, 1))
    pictures = np.stack([np.asarray(Image.open(path)) for path in files])
    assert np.abs(pictures.astype(int) - drawn).max() <= 1
    scaled = pictures / np.float32(127.5) - 1
    likes = run.model.encoder(scaled).numpy() @ run.vectors.users[user]
    realism = gan.discriminate(pictures, np.full(4, 1))
    for frame, liked, real in zip(answer["frames"], likes.tolist(), realism, strict=True):
        assert frame["preference"] == pytest.approx(liked, abs=0.02 + 0.05 * abs(liked))
        assert frame["liked_less"] == pytest.approx((shoes < liked).mean(), abs=1 / 8)
        assert frame["realism"] == pytest.approx(real, abs=0.02)
    shown = catalogue.pictures_of(np.flatnonzero(catalogue.item_categories == 1), (16, 16))
    changes = [frame["changes"] for frame in answer["frames"]]
    assert changes == describe_changes(pictures, shown) and changes[0] == []
    with Image.open(answer["sheet"]) as sheet:
        assert sheet.format == "PNG" and sheet.width > 5 * 128


@pytest.fixture
def asked(monkeypatch):
    """The arguments that the library was called with; a stand-in returns noise at once."""
    asked = {}

    def redesigned(maximizer, user, picture, category, frames, eta, proximity, fixed_directions):
        asked.update(locals())
        rng = np.random.default_rng(0)
        return Redesign(
            rng.integers(0, 256, (frames, 16, 16, 3)).astype(np.uint8),
            rng.uniform(-1, 1, (frames, 100)).astype(np.float32),
            *rng.normal(size=(3, frames)).astype(np.float32),
        )

    monkeypatch.setattr(design, "redesign", redesigned)
    monkeypatch.setattr(
        "keras_fashion.design.attribute_labels.attribute_directions",
        lambda gan, catalogue, category, names: (category, *names),
    )
    return asked


def test_an_item_in_words(redesign, asked, tmp_path):
    lines = redesign("--user", "0003", "--item", "0101", "--frames", 4).stdout.splitlines()
    assert lines[0].startswith("0101: liked better than ") and len(lines) == 6
    assert lines[1].startswith(str(tmp_path / "out" / "frame_1.png"))
    assert lines[-1] == str(tmp_path / "out" / "sheet.png")
    assert (asked["eta"], asked["proximity"], len(asked["fixed_directions"])) == (0.25, 3, 1)


def test_a_picture_of_any_size_with_an_attribute_held(chain, redesign, asked, tmp_path):
    picture = Image.new("RGBA", (50, 80), (0, 0, 0, 0))
    picture.paste((10, 60, 120), (10, 10, 40, 70))
    picture.save(tmp_path / "mine.webp")
    result = redesign(
        *("--user", "0002", "--picture", tmp_path / "mine.webp", "--category", "Bags"),
        *("--frames", 2, "--proximity", 0, "--eta", 5, "--hold", "lightness", "--json"),
    )
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["picture"] == str(tmp_path / "mine.webp") and "item" not in answer
    assert answer["category"] == "Bags" and len(answer["frames"]) == 2
    assert asked["user"] == Run(chain.dvbpr).catalogue.user_index("0002")
    np.testing.assert_array_equal(asked["picture"], read_picture(tmp_path / "mine.webp", (16, 16)))
    assert (asked["category"], asked["frames"], asked["eta"], asked["proximity"]) == (0, 2, 5, 0)
    assert asked["fixed_directions"] == (0, "lightness")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--user", "0033", "--item", "0101"), "no user '0033'"),
        (("--user", "0009", "--item", "0101"), "not trained on user '0009'"),
        (("--user", "0003", "--item", "0500"), "no item '0500'"),
        (("--user", "0003", "--picture", "{text}", "--category", "Hats"), "no category 'Hats'"),
        (("--user", "0003", "--picture", "{text}", "--category", "Tops"), "a.png is damaged"),
        (("--user", "0003", "--picture", "{half}", "--category", "Tops"), "b.png is damaged"),
        (("--user", "0003", "--picture", "{flat}", "--category", "Tops"), "but one color"),
        (("--user", "0003", "--item", "0101", "--hold", "hue"), "no attribute 'hue'"),
    ],
)
def test_mistakes_are_one_line(redesign, tmp_path, arguments, message):
    paths = {
        name: tmp_path / file
        for name, file in (("text", "a.png"), ("half", "b.png"), ("flat", "c.png"))
    }
    paths["text"].write_text("no picture")
    noise = np.random.default_rng(0).integers(0, 256, (30, 30, 3)).astype(np.uint8)
    Image.fromarray(noise).save(paths["half"])
    paths["half"].write_bytes(paths["half"].read_bytes()[:900])
    Image.new("RGB", (30, 30), "red").save(paths["flat"])
    result = redesign(*(each.format(**paths) for each in arguments))
    assert result.exit_code == 1 and result.stdout == ""
    assert message in result.stderr and result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--user", "0003"), "either --item, or --picture"),
        (("--user", "0003", "--item", "0101", "--category", "Tops"), "go together"),
        (("--user", "0003", "--picture", __file__), "go together"),
        (("--user", "0003", "--picture", "gone.png", "--category", "Tops"), "does not exist"),
        (("--item", "0101"), "Missing option '--user'"),
        (("--user", "0003", "--item", "0101", "--frames", 1), "1 is not in the range"),
        (("--user", "0003", "--item", "0101", "--eta", -1), "-1.0 is not in the range"),
        (("--user", "0003", "--item", "0101", "--proximity", -1), "-1.0 is not in the range"),
        (("--user", "0003", "--item", "0101", "--proximity", "nan"), "are finite"),
    ],
)
def test_options_that_cannot_be(redesign, arguments, message):
    result = redesign(*arguments)
    assert result.exit_code == 2 and message in result.stderr


def test_runs_in_the_wrong_order(chain, call, tmp_path):
    wanted = ("--user", "0003", "--item", "0101", "--out", tmp_path / "out")
    result = call("redesign", chain.gan, chain.dvbpr, *wanted)
    assert result.exit_code == 1 and "a run of gan, not of dvbpr" in result.stderr
    assert not (tmp_path / "out").exists()
