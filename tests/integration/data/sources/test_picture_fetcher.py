"""Fetching pictures in a process that is killed or interrupted."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from picture_server import JPEG, PictureServer

from keras_fashion.data.sources.web_pictures.picture_fetcher import PictureFetcher
from keras_fashion.data.sources.web_pictures.picture_manifest import PictureManifest


@pytest.fixture
def shop():
    with PictureServer() as shop:
        yield shop


def files(folder):
    return {path.stem: path.read_bytes() for path in folder.rglob("*.*") if path.suffix != ".csv"}


SCRIPT = """
import signal, sys
from pathlib import Path
# A shell that starts the tests in the background has its children ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
from keras_fashion.data.sources.web_pictures.picture_fetcher import PictureFetcher
addresses = {f"I{number}": f"{sys.argv[2]}/{number}" for number in range(int(sys.argv[3]))}
print(PictureFetcher(Path(sys.argv[1]), allow_private=True).fetch(addresses))
"""


def start(folder, shop, behavior, count):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), f"{shop.url}/{behavior}", str(count)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[4],
        text=True,
    )


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_killed_run_loses_at_most_what_was_under_way(shop, tmp_path):
    count = 60
    process = start(tmp_path, shop, "slow", count)
    wait_for(lambda: shop.asked.total() >= 20)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=25)
    there = files(tmp_path)
    assert {data for name, data in there.items() if not name.startswith(".")} <= {JPEG}
    asked = shop.asked.total()
    kept = sum(not name.startswith(".") for name in there)
    assert asked - 4 <= kept <= asked
    assert PictureFetcher(tmp_path, allow_private=True).fetch(
        {f"I{number}": f"{shop.url}/slow/{number}" for number in range(count)}
    ) == {"ok": count}
    assert shop.asked.total() <= count + 4


def test_an_interrupted_run_ends_at_once_and_keeps_what_is_there(shop, tmp_path):
    process = start(tmp_path, shop, "stall_before", 30)
    wait_for(lambda: shop.asked.total() == 4)
    before = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=25)
    assert time.monotonic() - before < 14  # a read may take 15 s, and the server stalls for 30
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert PictureManifest(tmp_path).rows == {}
