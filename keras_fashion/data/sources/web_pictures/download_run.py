"""One run over many addresses that leaves busy and failing hosts alone.

urllib3's `Retry` decides on attempts and waits, but the waiting is our own: `Retry` sleeps for its
own request alone, where all requests to a busy host must wait, and its sleep cannot be
interrupted. Its pools limit the connections to a host by blocking threads that others could use.
"""

import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from tqdm import tqdm
from urllib3 import Retry
from urllib3.exceptions import LocationParseError, MaxRetryError
from urllib3.util import parse_url

from keras_fashion.atomic_files import atomic_write
from keras_fashion.data.sources.web_pictures.download_limits import DownloadLimits
from keras_fashion.data.sources.web_pictures.picture_download import (
    DownloadFailed,
    PictureDownloader,
)
from keras_fashion.data.sources.web_pictures.picture_folder import picture_path
from keras_fashion.data.sources.web_pictures.picture_manifest import (
    Fetched,
    Outcome,
    PictureManifest,
)


@dataclass
class _Task:
    item: str
    address: str
    retries: Retry


@dataclass
class _Host:
    name: str
    tasks: deque[_Task] = field(default_factory=deque)
    busy_until: float = 0
    failures: int = 0
    is_dropped: bool = False


class DownloadRun:
    """Downloads pictures into a folder: each thread serves a host until its tasks are done.

    A thread that waits for another attempt keeps its place, so that the host is asked less often.

    Args:
        folder: Folder of the pictures.
        manifest: Open manifest that records the outcomes.
        limits: Limits on what is asked of servers and accepted from them.
        allow_private: Whether connections may go to addresses that are not public.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with PictureManifest(folder) as manifest:
        ...     DownloadRun(folder, manifest, DownloadLimits(), False).run({"0108": "not://one"})
        >>> manifest.rows["0108"].reason
        'neither http nor https'
    """

    def __init__(
        self, folder: Path, manifest: PictureManifest, limits: DownloadLimits, allow_private: bool
    ) -> None:
        self.folder = folder
        self.manifest = manifest
        self.limits = limits
        self.downloader = PictureDownloader(limits, allow_private)
        self.changed = threading.Condition()  # guards the hosts, the manifest and this flag
        self.is_stopped = False

    def run(self, addresses: Mapping[str, str]) -> None:
        """Downloads the picture at the address of each item. May be interrupted at any moment."""
        hosts: dict[str, _Host] = {}
        for item, address in addresses.items():
            name = host_of(address)
            host = hosts.setdefault(name, _Host(name))
            host.tasks.append(_Task(item, address, self.limits.retries))
        turns = [
            host
            for turn in range(self.limits.connections_per_host)
            for host in hosts.values()
            if turn < len(host.tasks)
        ]
        with (
            warnings.catch_warnings(),
            tqdm(total=len(addresses), desc="fetching", unit="picture") as self.progress,
            ThreadPoolExecutor(self.limits.connections) as threads,
        ):
            # Pictures of too many pixels are refused, with a reason.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            try:
                for future in as_completed([threads.submit(self._serve, host) for host in turns]):
                    future.result()
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                with self.changed:
                    self.is_stopped = True
                    self.changed.notify_all()
                self.downloader.stop()  # or Ctrl-C would wait for all downloads under way
                raise
            finally:
                self.downloader.close()

    def _serve(self, host: _Host) -> None:
        while task := self._take(host):
            try:
                picture = self.downloader.download(task.address)
                with atomic_write(picture_path(self.folder, task.item, picture.suffix)) as aside:
                    aside.write_bytes(picture.data)
            except DownloadFailed as failure:
                self._fail(host, task, failure)
            else:
                host.failures = 0
                self._note(task, "ok", size=len(picture.data))

    def _take(self, host: _Host) -> _Task | None:
        """Waits while the host is busy; returns None when no task of the host is left."""
        with self.changed:
            while host.tasks and not self.is_stopped:
                seconds = host.busy_until - time.monotonic()
                if seconds <= 0:
                    return host.tasks.popleft()
                self.changed.wait(seconds)
        return None

    def _fail(self, host: _Host, task: _Task, failure: DownloadFailed) -> None:
        try:
            retries = task.retries.increment("GET", task.address, error=failure)
            may_retry, wait = failure.retry == "soon", retries.get_backoff_time()
        except MaxRetryError:
            retries, may_retry, wait = task.retries, False, 0
        with self.changed:
            if failure.busy_seconds is not None:
                busy = max(failure.busy_seconds, wait, self.limits.min_wait)
                host.busy_until = max(host.busy_until, time.monotonic() + busy)
                if failure.busy_seconds > self.limits.max_wait:
                    self._drop(host, f"asks to be left alone for {failure.busy_seconds:,.0f} s")
            if may_retry:
                self.changed.wait_for(lambda: host.is_dropped or self.is_stopped, wait)
                if not host.is_dropped:
                    host.tasks.appendleft(_Task(task.item, task.address, retries))
                    return
            self._note(task, "failed" if failure.retry == "never" else "try again", str(failure))
            host.failures = 0 if failure.retry == "never" else host.failures + 1
            if host.failures == self.limits.max_failures:
                self._drop(host, f"failed {host.failures} times in a row")

    def _drop(self, host: _Host, why: str) -> None:
        if not host.is_dropped:
            num_tasks = len(host.tasks)
            host.is_dropped = True
            host.tasks.clear()
            self.changed.notify_all()
            self.progress.update(num_tasks)
            self.progress.write(
                f"{host.name} {why}: {num_tasks:,} of its pictures are left for the next run",
                file=sys.stderr,
            )

    def _note(self, task: _Task, outcome: Outcome, reason: str = "", size: int = 0) -> None:
        attempts = len(task.retries.history) + 1
        with self.changed:
            if not self.is_stopped:
                row = Fetched(task.item, task.address, outcome, reason, size, attempts)
                self.manifest.add(row)
                self.progress.update()


def host_of(address: str) -> str:
    """Returns the host of an address, with its port if it has one, or "" if it has no host.

    Example:
        >>> host_of("http://Example.org:81/0108.jpg")
        'example.org:81'
    """
    try:
        return parse_url(address).netloc or ""
    except LocationParseError:
        return ""
