import csv

import pytest

from keras_fashion.data.sources.web_pictures.picture_manifest import Fetched, PictureManifest
from keras_fashion.errors import InputError

OK = Fetched("A1", "http://a/1.jpg", "ok", "", 123, 1)
DEAD = Fetched("B2", 'http://a/"2",\n.jpg', "failed", "HTTP status 404", 0, 1)


def test_rows_come_back(tmp_path):
    with PictureManifest(tmp_path) as manifest:
        manifest.add(OK)
        manifest.add(DEAD)
        # Not only when it is closed: a killed process has written them, too.
        assert PictureManifest(tmp_path).rows == {"A1": OK, "B2": DEAD}
    assert PictureManifest(tmp_path).rows == {"A1": OK, "B2": DEAD}
    with open(tmp_path / "manifest.csv", newline="") as file:
        header, first, _ = csv.reader(file)
    assert header == ["item", "address", "outcome", "reason", "bytes", "attempts"]
    assert first == ["A1", "http://a/1.jpg", "ok", "", "123", "1"]


def test_the_last_row_of_an_item_counts_and_the_others_go(tmp_path):
    later = Fetched("B2", "http://b/2.jpg", "ok", "", 9, 2)
    with PictureManifest(tmp_path) as manifest:
        for row in (DEAD, OK, later):
            manifest.add(row)
    with PictureManifest(tmp_path) as manifest:
        assert manifest.rows == {"A1": OK, "B2": later}
    assert (tmp_path / "manifest.csv").read_text().count("B2") == 1


def test_whatever_a_killed_process_left_is_read(tmp_path):
    path = tmp_path / "manifest.csv"
    with PictureManifest(tmp_path) as manifest:
        manifest.add(OK)
        manifest.add(DEAD)
    whole = path.read_bytes()
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        with PictureManifest(tmp_path) as manifest:
            assert set(manifest.rows.values()) <= {OK, DEAD}
            manifest.add(OK)
        assert PictureManifest(tmp_path).rows["A1"] == OK


def test_nothing_in_a_field_makes_a_row(tmp_path):
    rows = {
        item: Fetched(item, f"http://a/{item}", "failed", item, 0, 1)
        for item in (
            "x\rB1,http://b,failed,,0,0",
            "x\nB2,http://b,ok,,1,0",
            '",\r\n',
            "y" * 300_000,
        )
    }
    with PictureManifest(tmp_path) as manifest:
        for row in rows.values():
            manifest.add(row)
    for _ in range(2):  # as appended, and as rewritten
        with PictureManifest(tmp_path) as manifest:
            assert manifest.rows == rows


def test_junk_within_is_passed_over(tmp_path):
    path = tmp_path / "manifest.csv"
    with PictureManifest(tmp_path) as manifest:
        manifest.add(OK)
    with open(path, "ab") as file:
        file.write(b"\xff\xfe,,\nC3,x\nD4,http://d,maybe,,0,0\nE5,http://e,ok,,many,0\n\0\0\0\n")
    assert PictureManifest(tmp_path).rows == {"A1": OK}


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_text("article,price\n1,2\n")
    with pytest.raises(InputError, match="not a manifest of fetched pictures"):
        PictureManifest(tmp_path)
    assert path.read_text() == "article,price\n1,2\n"
