"""How a run shares its threads among hosts, with a downloader that only pretends."""

import random
import threading
import time
from collections import Counter

import pytest

from keras_fashion.data.sources.web_pictures import download_run
from keras_fashion.data.sources.web_pictures.download_limits import RETRIES, DownloadLimits
from keras_fashion.data.sources.web_pictures.download_run import DownloadRun, host_of
from keras_fashion.data.sources.web_pictures.picture_download import (
    DownloadFailed,
    Picture,
)
from keras_fashion.data.sources.web_pictures.picture_manifest import PictureManifest

RETRY_AT_ONCE = RETRIES.new(other=2, backoff_factor=0, backoff_jitter=0)


class PretendedDownloader:
    """Answers as `behavior` does, and keeps what it was asked for, when and how many at once."""

    def __init__(self, behavior):
        self.behavior = behavior
        self.lock = threading.Lock()
        self.asked, self.times = [], []
        self.running, self.at_once = Counter(), Counter()

    def download(self, address):
        host = host_of(address)
        with self.lock:
            self.asked.append(address)
            self.times.append(time.monotonic())
            for key in (host, "all"):
                self.running[key] += 1
                self.at_once[key] = max(self.at_once[key], self.running[key])
        try:
            self.behavior(address)
        finally:
            with self.lock:
                self.running[host] -= 1
                self.running["all"] -= 1
        return Picture(b"picture", ".jpg")

    def stop(self):
        pass

    close = stop


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs over addresses; returns the downloader and the rows of the manifest."""

    def run(addresses, behavior=lambda _: None, **limits):
        downloader = PretendedDownloader(behavior)
        monkeypatch.setattr(download_run, "PictureDownloader", lambda *_: downloader)
        limits = DownloadLimits(**{"retries": RETRY_AT_ONCE, "min_wait": 0} | limits)
        with PictureManifest(tmp_path) as manifest:
            DownloadRun(tmp_path, manifest, limits, False).run(
                {f"I{number}": address for number, address in enumerate(addresses)}
            )
        return downloader, manifest.rows

    return run


def addresses(host, count):
    return [f"http://{host}/{number}" for number in range(count)]


def test_hosts_take_turns_and_each_has_its_share(run):
    both = addresses("a", 20) + addresses("b", 20)
    done, rows = run(both, lambda _: time.sleep(0.01), connections=3, connections_per_host=2)
    assert done.at_once["all"] == 3
    assert done.at_once["a"] <= 2 and done.at_once["b"] <= 2
    assert {host_of(address) for address in done.asked[:3]} == {"a", "b"}
    assert sorted(done.asked) == sorted(both)
    assert len(rows) == 40


def test_another_attempt_waits_its_time_and_goes_before_the_next_task(run):
    failing = iter(["soon", "soon"])

    def behavior(_):
        if retry := next(failing, None):
            raise DownloadFailed("once more", retry)

    retries = RETRIES.new(other=3, backoff_factor=0.2, backoff_jitter=0)
    done, rows = run(addresses("a", 2), behavior, connections=1, retries=retries)
    assert [address[-1] for address in done.asked] == ["0", "0", "0", "1"]
    assert 0.4 <= done.times[2] - done.times[1] < 10  # urllib3 waits from the second retry on
    assert [row.attempts for row in rows.values()] == [3, 1]


def test_a_busy_host_is_left_alone_with_all_its_tasks(run):
    busy = iter([1.0, 0.3])  # a shorter wait does not shorten a longer one
    lock = threading.Lock()

    def behavior(address):
        if host_of(address) == "a":
            with lock:
                seconds = next(busy, None)
            if seconds:
                raise DownloadFailed("busy", "soon", seconds)

    done, rows = run(addresses("a", 6) + addresses("b", 6), behavior, connections_per_host=2)
    of_a = [moment for moment, each in zip(done.times, done.asked, strict=True) if "//a/" in each]
    assert of_a[2] - of_a[0] > 0.95
    assert {host_of(each) for each in done.asked[-6:]} == {"a"}  # others did not wait for it
    assert {row.outcome for row in rows.values()} == {"ok"}


def test_a_dropped_host_is_forgotten_by_a_thread_that_waits_for_it(run, capsys):
    together = threading.Barrier(2)

    def behavior(address):
        if host_of(address) == "a":
            together.wait(20)
            if address.endswith("1"):
                time.sleep(0.1)  # until the other thread waits
            raise DownloadFailed("busy", "soon", 30 if address.endswith("0") else 1000)

    start = time.monotonic()
    done, rows = run(
        addresses("a", 9) + addresses("b", 3), behavior, max_wait=60, connections_per_host=2
    )
    assert time.monotonic() - start < 20
    assert sorted(each for each in done.asked if host_of(each) == "a") == addresses("a", 2)
    # Seven that were not asked for, and the one that waited for another attempt.
    assert "a asks to be left alone for 1,000 s: 8 of its pictures" in capsys.readouterr().err
    assert Counter(row.outcome for row in rows.values()) == {"ok": 3, "try again": 1}


def test_a_host_that_only_fails_is_dropped_and_one_that_answers_is_not(run):
    def behavior(address):
        raise DownloadFailed("no", "next run" if host_of(address) == "a" else "never")

    done, rows = run(
        addresses("a", 9) + addresses("b", 9), behavior, max_failures=3, connections_per_host=1
    )
    assert Counter(map(host_of, done.asked)) == {"a": 3, "b": 9}
    assert Counter(row.outcome for row in rows.values()) == {"try again": 3, "failed": 9}


def test_no_task_is_lost_or_done_twice(run):
    """Whatever happens in whatever order."""
    rng = random.Random(0)
    outcomes = Counter()

    def behavior(address):
        time.sleep(rng.random() / 1000)
        outcomes[address] += 1
        if outcomes[address] < 3 and rng.random() < 0.5:
            raise DownloadFailed("once more", "soon", rng.choice([None, 0, 0.01]))

    all_ = [f"http://{host}/{number}" for number in range(60) for host in "abc"]
    done, rows = run(all_, behavior, connections=5, connections_per_host=2)
    assert [rows[f"I{number}"].address for number in range(len(all_))] == all_
    assert {row.outcome for row in rows.values()} == {"ok"}
    assert {row.address: row.attempts for row in rows.values()} == Counter(done.asked)
    assert done.at_once["all"] <= 5 and max(done.at_once[host] for host in "abc") <= 2


@pytest.mark.parametrize(
    ("address", "expected"),
    [("http://Example.org/a.jpg", "example.org"), ("https://example.org:81/", "example.org:81"),
     ("http://[", ""), ("", "")],
)  # fmt: skip
def test_servers_are_told_apart(address, expected):
    assert host_of(address) == expected
