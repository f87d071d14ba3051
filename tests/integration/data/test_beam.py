"""Needs Apache Beam for most: it is not in the environment that `make test` makes."""

import importlib.util
import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_fashion.data import catalogue_builder as builder
from keras_fashion.data import prepare
from keras_fashion.data.sources.in_memory import InMemory
from keras_fashion.errors import InputError

beam_is_there = pytest.mark.skipif(
    importlib.util.find_spec("apache_beam") is None, reason="Apache Beam is not installed"
)
WORKERS = ("direct_num_workers=2", "direct_running_mode=multi_processing")
BAD = (4, 11)


@pytest.fixture(scope="module")
def source():
    rng = np.random.default_rng(0)
    rows = []
    for number in range(13):
        data = io.BytesIO()
        pixels = rng.integers(0, 256, (6 + number, 5, 3), np.uint8)
        Image.fromarray(pixels).save(data, ("PNG", "JPEG", "BMP")[number % 3])
        picture = b"no picture" if number in BAD else data.getvalue()
        rows.append((f"0{number}", ("Tops", "Bags")[number % 2], picture, "réd"))
    items = pd.DataFrame(rows, columns=["item", "category", "picture", "color"])
    pairs = [(f"u{number % 4}", f"0{number}") for number in range(13)] + [("u0", "00")]
    return InMemory(items, pd.DataFrame(pairs, columns=["user", "item"]))


@pytest.fixture(scope="module")
def prepared(source, tmp_path_factory):
    """Without Beam, and by two processes of its own; several shards of each split."""
    folder = tmp_path_factory.mktemp("beam")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder, "ITEMS_PER_SHARD", 4)
        patch.setattr(builder, "INTERACTIONS_PER_SHARD", 6)
        here = prepare(source, folder / "here", name="shop")
        beam = prepare(
            source, folder / "beam", name="shop", beam_runner="DirectRunner", beam_options=WORKERS
        )
    return folder, here, beam


@beam_is_there
def test_beam_makes_the_same_catalogue_byte_for_byte(prepared):
    folder, here, beam = prepared
    assert beam == here
    assert beam["fingerprint"] == here["fingerprint"]
    files = {path.name: path.read_bytes() for path in (folder / "here").iterdir()}
    assert len([name for name in files if "-items.tfrecord-" in name]) == 4
    assert len([name for name in files if "-interactions.tfrecord-" in name]) == 2
    made = {path.name: path.read_bytes() for path in (folder / "beam").iterdir()}
    assert sorted(made) == sorted(files)
    assert [name for name in files if made[name] != files[name]] == []


@beam_is_there
def test_what_beam_cannot_use_is_listed_all_the_same(prepared):
    folder, _, beam = prepared
    assert beam["skipped"] == {
        "picture cannot be decoded": 2,
        "interaction on unknown item": 2,
        "duplicate interaction": 1,
    }
    listed = (folder / "beam" / "skipped.csv").read_text().splitlines()
    assert listed[1:3] == [f"picture cannot be decoded,item {n + 1},0{n}" for n in BAD]


@beam_is_there
def test_refusing_names_the_first_offender_and_leaves_nothing(source, tmp_path):
    with pytest.raises(InputError, match=r"item 5: picture cannot be decoded \('04'\)"):
        prepare(source, tmp_path / "shop", on_bad="refuse", beam_runner="DirectRunner")
    assert not list(tmp_path.iterdir())


@beam_is_there
@pytest.mark.parametrize(
    "runner, options, say",
    [
        ("NoRunner", [], "`beam_runner` NoRunner: .*DirectRunner"),
        ("os.path", [], "`beam_runner` os.path: "),
        ("no_such_module.Runner", [], "`beam_runner` no_such_module.Runner: .*no_such_module"),
        ("DirectRunner", ["no_such=1"], "`beam_options`: Beam knows no no_such"),
        ("DirectRunner", ["direct_num_work=1"], "Beam knows no direct_num_work"),
        ("DirectRunner", ["direct_num_workers=two"], "`beam_options` .*invalid int value: 'two'"),
        ("DirectRunner", ["direct_running_mode=fast"], "invalid choice: 'fast'"),
        ("DirectRunner", ["help"], "`beam_options` help"),
    ],
)
def test_a_mistake_is_one_sentence(source, tmp_path, capfd, runner, options, say):
    with pytest.raises(InputError, match=say) as told:
        prepare(source, tmp_path / "shop", beam_runner=runner, beam_options=options)
    assert "\n" not in str(told.value)
    assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())


IN_A_PROCESS = """
import io, sys
import pandas as pd
from PIL import Image
from keras_fashion.data import prepare
from keras_fashion.data.sources.in_memory import InMemory

data = io.BytesIO()
Image.new("RGB", (2, 2)).save(data, "PNG")
items = pd.DataFrame({"item": ["1"], "category": ["Tops"], "picture": [data.getvalue()]})
prepare(InMemory(items), sys.argv[1], beam_runner="DirectRunner")
"""


@beam_is_there
def test_beam_does_not_chatter(tmp_path):
    command = [sys.executable, "-c", IN_A_PROCESS, tmp_path / "shop"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == ""
    for word in ("INFO", "apitools", "apache_beam", "Discarding"):
        assert word not in done.stderr


def test_without_beam_the_extra_is_named(source, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    with pytest.raises(InputError, match=r"pip install 'keras-fashion\[beam\]'"):
        prepare(source, tmp_path / "shop", beam_runner="DirectRunner")
    assert not list(tmp_path.iterdir())


def test_an_option_without_a_runner_is_refused(source, tmp_path):
    with pytest.raises(InputError, match="`beam_options` need a `beam_runner`"):
        prepare(source, tmp_path / "shop", beam_options=["streaming"])
    assert not list(tmp_path.iterdir())
