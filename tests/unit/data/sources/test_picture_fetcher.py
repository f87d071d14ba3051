import time
from pathlib import Path

import pytest
from picture_server import JPEG, PICTURES, PictureServer
from urllib3 import Timeout

from keras_fashion.data.sources.web_pictures.download_limits import RETRIES, DownloadLimits
from keras_fashion.data.sources.web_pictures.picture_fetcher import PictureFetcher
from keras_fashion.data.sources.web_pictures.picture_folder import file_stem, find_pictures
from keras_fashion.data.sources.web_pictures.picture_manifest import PictureManifest
from keras_fashion.errors import InputError

QUICK = {
    "retries": RETRIES.new(other=2, backoff_factor=0.02, backoff_jitter=0.02),
    "timeout": Timeout(connect=0.5, read=0.5),
    "max_seconds": 2,
    "max_bytes": 200_000,
    "min_wait": 0.02,
    "max_wait": 1.5,
}


@pytest.fixture
def shop():
    with PictureServer() as shop:
        yield shop


def fetcher(folder, limits=None, **options):
    limits = DownloadLimits(**QUICK | (limits or {}))
    return PictureFetcher(folder, allow_private=True, limits=limits, **options)


def files(folder):
    return {path.stem: path.read_bytes() for path in folder.rglob("*.*") if path.suffix != ".csv"}


def test_what_became_of_everything(shop, tmp_path):
    paths = {
        "GOOD": "good/a",
        "PNG": "kind/PNG",
        "AGAIN": "broken_once/a",
        "WHOLE": "truncated_once/a",
        "GONE": "status/404",
        "PAGE": "html/a",
        "BROKEN": "status/500",
        "DRIPS": "drip/a",
        "STALLS": "stall_before/a",
        "DIES": "dies/a",
        "LOOP": "loop/a",
        "BOMB": "bomb/a",
        "FILE": "redirect/file:///etc/passwd",
    }
    addresses = {item: f"{shop.url}/{path}" for item, path in paths.items()}
    addresses["NONE"] = "ftp://example.org/a.jpg"
    counts = fetcher(tmp_path).fetch(addresses)
    assert files(tmp_path) == {
        "GOOD": JPEG, "PNG": PICTURES["PNG"], "AGAIN": JPEG, "WHOLE": JPEG
    }  # fmt: skip
    assert counts["ok"] == 4
    assert counts["HTTP status 404"] == 1
    assert counts.total() == len(addresses)
    rows = PictureManifest(tmp_path).rows
    assert {item: row.address for item, row in rows.items()} == addresses
    assert {item: (row.outcome, row.attempts) for item, row in rows.items()} == {
        "GOOD": ("ok", 1),
        "PNG": ("ok", 1),
        "AGAIN": ("ok", 2),
        "WHOLE": ("ok", 2),
        "GONE": ("failed", 1),
        "PAGE": ("failed", 1),
        "LOOP": ("failed", 1),
        "BOMB": ("failed", 1),
        "FILE": ("failed", 1),
        "NONE": ("failed", 1),
        "BROKEN": ("try again", 3),
        "STALLS": ("try again", 3),
        "DIES": ("try again", 3),
        "DRIPS": ("try again", 1),
    }
    assert rows["PNG"].bytes == len(PICTURES["PNG"])
    assert rows["GONE"].reason == "HTTP status 404"


def test_a_second_run_asks_only_for_what_may_come(shop, tmp_path):
    paths = ["good/a", "status/404", "status/500", "html/a"]
    addresses = {f"I{number}": f"{shop.url}/{path}" for number, path in enumerate(paths)}
    fetcher(tmp_path).fetch(addresses)
    shop.asked.clear()
    counts = fetcher(tmp_path).fetch(addresses)
    assert shop.asked == {"/status/500": 3}
    assert counts["ok"] == 1 and counts["HTTP status 404"] == 1
    shop.asked.clear()
    fetcher(tmp_path, retry_failed=True).fetch(addresses)
    assert shop.asked == {"/status/500": 3, "/status/404": 1, "/html/a": 1}
    shop.asked.clear()
    addresses["I1"] = f"{shop.url}/good/new"  # another address: what is known is of the old one
    fetcher(tmp_path).fetch({"I1": addresses["I1"]})
    assert shop.asked == {"/good/new": 1}


def test_pictures_of_ones_own_are_not_fetched_and_broken_ones_are(shop, tmp_path):
    addresses = {item: f"{shop.url}/good/{item}" for item in ("OWN", "SHORT", "EMPTY")}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "OWN.png").write_bytes(PICTURES["PNG"])
    fetcher(tmp_path).fetch({item: addresses[item] for item in ("SHORT", "EMPTY")})
    there = find_pictures(tmp_path, set(addresses))
    there["SHORT"].write_bytes(JPEG[: len(JPEG) // 2])
    there["EMPTY"].write_bytes(b"")
    shop.asked.clear()
    assert fetcher(tmp_path).fetch(addresses) == {"ok": 3}
    assert shop.asked == {"/good/SHORT": 1, "/good/EMPTY": 1}
    assert files(tmp_path) == {"OWN": PICTURES["PNG"], "SHORT": JPEG, "EMPTY": JPEG}


def test_no_more_than_agreed_at_once(shop, tmp_path):
    addresses = {f"I{number}": f"{shop.url}/slow/{number}" for number in range(20)}
    limits = {"connections": 8, "connections_per_host": 3}
    assert fetcher(tmp_path, limits).fetch(addresses) == {"ok": 20}
    assert shop.at_once == 3
    hosts = [shop.url, shop.url.replace("127.0.0.1", "localhost")]  # told apart by name
    addresses = {f"J{number}": f"{hosts[number % 2]}/slow/{number}" for number in range(20)}
    shop.at_once = 0
    limits = {"connections": 3, "connections_per_host": 2}
    assert fetcher(tmp_path, limits).fetch(addresses) == {"ok": 20}
    assert shop.at_once == 3


def test_a_busy_server_is_left_alone_by_all(shop, tmp_path):
    addresses = {"BUSY": f"{shop.url}/busy_once/429/1"}
    addresses |= {f"I{number}": f"{shop.url}/slow/{number}" for number in range(8)}
    limits = {"connections_per_host": 2, "min_wait": 0.01}
    assert fetcher(tmp_path, limits).fetch(addresses) == {"ok": 9}
    gaps = [after - before for before, after in zip(shop.times, shop.times[1:], strict=False)]
    # Parts of a second: the header has none, and what was under way already may come in between.
    assert 0.8 < max(gaps) < 20


def test_a_server_that_asks_for_too_long_is_left_for_the_next_run(shop, tmp_path, capsys):
    addresses = {"BUSY": f"{shop.url}/busy_once/503/3600"}
    addresses |= {f"I{number}": f"{shop.url}/good/{number}" for number in range(30)}
    limits = {"connections_per_host": 1, "max_wait": 60}
    with PictureServer("127.0.0.2") as other:
        addresses["OTHER"] = f"{other.url}/good/a"
        start = time.monotonic()
        counts = fetcher(tmp_path, limits).fetch(addresses)
    assert time.monotonic() - start < 50
    assert counts == {"HTTP status 503": 1, "not tried yet": 30, "ok": 1}
    assert "left alone for 3,600 s: 30 of its pictures" in capsys.readouterr().err
    assert fetcher(tmp_path).fetch({**addresses, "OTHER": "x:"})["ok"] == 32


def test_a_dead_server_does_not_hold_a_run(tmp_path):
    with PictureServer() as gone:
        url = gone.url
    addresses = {f"I{number}": f"{url}/good/{number}" for number in range(200)}
    limits = {"retries": RETRIES.new(other=0), "max_failures": 5, "connections_per_host": 1}
    counts = fetcher(tmp_path, limits).fetch(addresses)
    assert counts["not tried yet"] == 195
    assert {row.outcome for row in PictureManifest(tmp_path).rows.values()} == {"try again"}


@pytest.mark.parametrize(
    "item", ["../../escape", "/etc/passwd", "a", "A B", "x\n", "é", "NUL.", ""]
)
def test_no_id_leads_out_of_the_folder(shop, tmp_path, item):
    folder = tmp_path / "pictures"
    assert fetcher(folder).fetch({item: f"{shop.url}/good/a"}) == {"ok": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]
    assert list(find_pictures(folder, {file_stem(item)})) == [file_stem(item)]
    assert PictureManifest(folder).rows[item].outcome == "ok"
    assert fetcher(folder).fetch({item: f"{shop.url}/good/a"}) == {"ok": 1}
    assert shop.asked.total() == 1


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made"):
        fetcher(tmp_path / "file" / "pictures").fetch({"A": "http://127.0.0.1/"})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_disk_is_said_once(shop, tmp_path, monkeypatch):
    def full(path, data):
        with open("/dev/full", "wb", buffering=0) as file:
            file.write(data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        fetcher(tmp_path).fetch({"A": f"{shop.url}/good/a"})
    assert not files(tmp_path)
