"""A preparation that fails leaves nothing behind and harms nothing."""

import io

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from keras_fashion.data import Catalogue, prepare
from keras_fashion.data.sources.in_memory import InMemory
from keras_fashion.errors import InputError

PIXELS = np.random.default_rng(7).integers(0, 256, (6, 4, 3), dtype=np.uint8)


def encode(pixels=PIXELS):
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def items(*rows):
    columns = ["item", "category", "picture"]
    return pd.DataFrame(rows, columns=columns).astype({"item": "str", "category": "str"})


class Breaking(InMemory):
    """Fails at one of the things that a source is asked for."""

    def __init__(self, where, error):
        super().__init__(items(*((str(n), "Shoes", encode()) for n in range(40))))
        self.where = where
        self.error = error

    def fail(self, where):
        if where == self.where:
            raise self.error

    def items(self, skip, scratch):
        (scratch / "half.bin").write_bytes(b"half")
        self.fail("items")
        return super().items(skip, scratch)

    def interactions(self):
        self.fail("interactions")
        return super().interactions()

    @property
    def read_picture(self):
        def read(data):
            self.fail("picture")
            return data

        return read

    def write_extras(self, folder):
        (folder / "truth.txt").write_text("half")
        self.fail("extras")


@pytest.mark.parametrize("where", ["items", "picture", "interactions", "extras"])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_behind(tmp_path, where, error):
    with pytest.raises(error):
        prepare(Breaking(where, error), tmp_path / "shop")
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_behind_when_the_last_tables_fail(tmp_path, monkeypatch):
    monkeypatch.setattr(pq, "write_table", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        prepare(InMemory(items(("1", "Shoes", encode()))), tmp_path / "shop")
    assert not list(tmp_path.iterdir())


def test_a_taken_place_is_refused_before_anything_is_read(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        prepare(Breaking("items", RuntimeError), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_sources_own_files_are_part_of_the_catalogue(tmp_path):
    prepare(Breaking(None, None), tmp_path / "shop")
    assert (tmp_path / "shop" / "truth.txt").read_text() == "half"
    assert not (tmp_path / "shop" / "scratch").exists()


def test_pictures_are_read_on_demand_and_once(tmp_path):
    reads = []

    class Counting(Breaking):
        @property
        def read_picture(self):
            def read(data):
                reads.append(data)
                return data

            return read

    prepare(Counting(None, None), tmp_path / "shop")
    assert len(reads) == 40


class FailingOnce(InMemory):
    """A network whose first answer is an error."""

    def __init__(self, frame):
        super().__init__(frame)
        self.failures = 1

    @property
    def read_picture(self):
        return self.read

    def read(self, picture):
        if self.failures and picture == encode():
            self.failures -= 1
            raise OSError
        return picture


def test_a_picture_that_failed_once_is_listed_all_the_same(tmp_path):
    rows = items(("1", "Shoes", encode()), ("2", "Shoes", encode(255 - PIXELS)))
    facts = prepare(FailingOnce(rows), tmp_path / "shop")
    assert facts["items"] == 1
    assert facts["skipped"] == {"picture could be read the second time only": 1}


def test_a_place_that_was_taken_meanwhile_loses_nothing(tmp_path):
    class Taking(InMemory):
        def write_extras(self, folder):
            (tmp_path / "shop").mkdir()
            (tmp_path / "shop" / "other").touch()

    with pytest.raises(InputError, match="was taken while it was made"):
        prepare(Taking(items(("1", "Shoes", encode()))), tmp_path / "shop")
    assert Catalogue.load(tmp_path / ".shop.preparing").item_ids.tolist() == ["1"]
