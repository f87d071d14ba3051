"""Fetches many pictures politely, and goes on where it was stopped."""

import random
import sys
import time
import warnings
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from keras_fashion.atomic_files import atomic_write
from keras_fashion.data.sources.web_pictures.picture_download import (
    DownloadFailed,
    DownloadLimits,
    Picture,
    PictureDownloader,
    server,
)
from keras_fashion.data.sources.web_pictures.picture_folder import find_pictures, place, stem
from keras_fashion.data.sources.web_pictures.picture_manifest import Fetched, PictureManifest
from keras_fashion.data.sources.web_pictures.polite_queue import PoliteQueue
from keras_fashion.errors import InputError


@dataclass(frozen=True)
class Politeness:
    """How much is asked of servers.

    Attributes:
        connections: Downloads at once.
        connections_per_host: Of these from one server.
        attempts: For a picture in one run.
        first_wait: Seconds before the second attempt, doubled for each one after it. The wait is
            drawn between half of that and all of it, so that pictures do not come back together.
        longest_wait: Seconds. A server that asks for more is left alone for this run.
        failures_in_a_row: Pictures that a server fails to deliver, one after the other, before it
            is left alone for this run.
    """

    connections: int = 16
    connections_per_host: int = 4
    attempts: int = 4
    first_wait: float = 1
    longest_wait: float = 300
    failures_in_a_row: int = 20


class PictureFetcher:
    """Fetches the pictures of items into a folder, many at once: see `PictureDownloader`.

    Each picture is a file named after its item (`picture_folder`), written aside and renamed. The
    folder's `manifest.csv` tells what became of each address. Pictures that are there are not
    fetched again; addresses that failed for good (a dead link, what is not a picture) are not
    tried again unless that is wanted; what failed by chance is tried again in the next run.

    A server that answers 429 or 503 is left alone for as long as it asks to be, with all its
    pictures; a picture that waits for another attempt takes no connection. The server that counts
    is that of the address, whatever it redirects to.

    Args:
        folder: Where the pictures are and will be; made where it does not exist.
        allow_private: Whether to fetch from addresses that are not of the public internet.
        retry_failed: Whether to try again what failed for good, too.
        politeness: How much is asked of servers.
        limits: What a download may take.

    Example:
        >>> PictureFetcher(Path("pictures")).fetch({"B0000001": "https://example.org/b.jpg"})
        Counter({'ok': 1})
    """

    def __init__(
        self,
        folder: Path,
        *,
        allow_private: bool = False,
        retry_failed: bool = False,
        politeness: Politeness | None = None,
        limits: DownloadLimits | None = None,
    ) -> None:
        self.folder = folder
        self.allow_private = allow_private
        self.retry_failed = retry_failed
        self.politeness = politeness or Politeness()
        self.limits = limits or DownloadLimits()

    def fetch(self, addresses: Mapping[str, str]) -> Counter[str]:
        """Fetches what is missing. It can be interrupted at any moment and called again.

        Args:
            addresses: By item.

        Returns:
            How many of these items have a picture now ("ok") and how many do not, by reason.

        Raises:
            InputError: If the folder cannot be made, or its manifest is none of ours.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{self.folder} cannot be made ({error.strerror}): give a folder for the pictures "
                "that can be written"
            ) from error
        with PictureManifest(self.folder) as manifest:
            if missing := self._missing(addresses, manifest):
                _Run(self, manifest).run(missing)
            rows = [manifest.rows.get(item) for item in addresses]
        return Counter((row.reason or row.outcome) if row else "not tried yet" for row in rows)

    def _missing(self, addresses: Mapping[str, str], manifest: PictureManifest) -> dict[str, str]:
        """The addresses to ask; pictures that are there come to stand in the manifest."""
        there = find_pictures(self.folder, {stem(item) for item in addresses})
        missing = {}
        for item, address in addresses.items():
            known = manifest.rows.get(item)
            was_fetched = known is not None and known.outcome == "ok"
            if path := there.get(stem(item)):
                size = path.stat().st_size
                # Smaller than it was written: somebody shrank it, or the machine went down.
                if size and (not was_fetched or size >= known.bytes or _decodes(path)):
                    if not was_fetched:
                        manifest.add(Fetched(item, address, "ok", "", size, 0))
                    continue
                path.unlink()
            elif (
                known is not None
                and known.outcome == "failed"
                and known.address == address
                and not self.retry_failed
            ):
                continue
            missing[item] = address
        return missing


@dataclass
class _Task:
    item: str
    address: str
    attempts: int = 0


class _Run:
    """One run of a fetcher. Threads download; this one alone writes files."""

    def __init__(self, fetcher: PictureFetcher, manifest: PictureManifest) -> None:
        self.folder = fetcher.folder
        self.politeness = fetcher.politeness
        self.manifest = manifest
        self.downloader = PictureDownloader(fetcher.limits, fetcher.allow_private)
        self.queue: PoliteQueue[_Task] = PoliteQueue(fetcher.politeness.connections_per_host)
        self.failures_in_a_row: Counter[str] = Counter()

    def run(self, addresses: Mapping[str, str]) -> None:
        """Fetches pictures by item."""
        for item, address in addresses.items():
            self.queue.add(server(address), _Task(item, address))
        running: dict[Future[Picture], tuple[str, _Task]] = {}
        with (
            warnings.catch_warnings(),
            tqdm(total=len(addresses), desc="fetching", unit="picture") as self.progress,
            ThreadPoolExecutor(self.politeness.connections) as threads,
        ):
            # Pictures of very many pixels are refused, with a reason.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            try:
                while True:
                    while self._is_room(running) and (taken := self.queue.take()):
                        future = threads.submit(self.downloader.download, taken[1].address)
                        running[future] = taken
                    seconds = self.queue.seconds_to_next() if self._is_room(running) else None
                    if running:
                        done, _ = wait(running, seconds, FIRST_COMPLETED)
                        for future in done:
                            self._finish(*running.pop(future), future)
                    elif seconds is not None:
                        time.sleep(seconds)
                    else:
                        break
            except BaseException:
                self.downloader.stop()  # or Ctrl-C would wait for all that is under way
                threads.shutdown(cancel_futures=True)
                raise
            finally:
                self.downloader.close()

    def _is_room(self, running: Mapping) -> bool:
        return len(running) < self.politeness.connections

    def _finish(self, host: str, task: _Task, future: Future[Picture]) -> None:
        task.attempts += 1
        self.queue.finished(host)
        try:
            picture = future.result()
        except DownloadFailed as failure:
            self._fail(host, task, failure)
            return
        with atomic_write(place(self.folder, task.item, picture.suffix)) as aside:
            aside.write_bytes(picture.data)
        self.failures_in_a_row[host] = 0
        self._note(Fetched(task.item, task.address, "ok", "", len(picture.data), task.attempts))

    def _fail(self, host: str, task: _Task, failure: DownloadFailed) -> None:
        backoff = self.politeness.first_wait * 2 ** (task.attempts - 1) * random.uniform(0.5, 1)
        seconds = max(backoff, failure.wait)
        if failure.wait > self.politeness.longest_wait:
            self._leave_alone(host, f"asks to be left alone for {failure.wait:,.0f} s")
        elif failure.host_busy:
            self.queue.pause(host, seconds)
        may_try = failure.again_now and task.attempts < self.politeness.attempts
        if may_try and not self.queue.is_dropped(host):
            self.queue.add(host, task, seconds)
            return
        outcome = "failed" if failure.for_good else "try again"
        self._note(Fetched(task.item, task.address, outcome, str(failure), 0, task.attempts))
        self.failures_in_a_row[host] += 1
        if failure.for_good:
            self.failures_in_a_row[host] = 0  # it answers
        elif self.failures_in_a_row[host] == self.politeness.failures_in_a_row:
            self._leave_alone(host, f"failed {self.politeness.failures_in_a_row} times in a row")

    def _leave_alone(self, host: str, why: str) -> None:
        if not self.queue.is_dropped(host):
            count = self.queue.drop(host)
            self.progress.update(count)
            self.progress.write(
                f"{host} {why}: {count:,} of its pictures are left for the next run",
                file=sys.stderr,
            )

    def _note(self, row: Fetched) -> None:
        self.manifest.add(row)
        self.progress.update()


def _decodes(path: Path) -> bool:
    try:
        with Image.open(path) as picture:
            picture.load()
    except Exception:  # a broken file makes Pillow's parsers raise nearly anything
        return False
    return True
