"""One picture over HTTP, from a server that nobody vouches for."""

import io
import re
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from socket import SHUT_RDWR, socket
from urllib.parse import urljoin

from PIL import Image
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry, Url, parse_url

from keras_fashion import __version__
from keras_fashion.data.picture_checks import FORMATS
from keras_fashion.data.sources.web_pictures.public_addresses import NotPublic, public_addresses

HEADERS = {
    "User-Agent": f"keras-fashion/{__version__} (gathers product pictures for research)",
    "Accept": "image/*",
    "Accept-Encoding": "identity",  # what is sent compressed all the same is never inflated
}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that another attempt may overcome."""

BUSY = frozenset({429, 503})
"""Statuses by which a server asks everybody to wait."""

LONGEST_ADDRESS = 8000
"""Characters; servers that take more are rare."""

_CHUNK = 2**16
_KEPT_CONNECTIONS = 32


@dataclass(frozen=True)
class DownloadLimits:
    """What a download may take.

    Attributes:
        connect_seconds: To open a connection.
        read_seconds: Without a byte from the server.
        total_seconds: For the whole picture, redirects included.
        size: Bytes of the picture.
        redirects: How many are followed.
    """

    connect_seconds: float = 10
    read_seconds: float = 15
    total_seconds: float = 60
    size: int = 10_000_000
    redirects: int = 5


class DownloadFailed(Exception):
    """A picture that was not to be had; the message says why.

    Attributes:
        for_good: Whether the same is to be expected every time.
        again_now: Whether another attempt soon may succeed.
        host_busy: Whether the server asked to be left alone.
        wait: Seconds that it asked for, 0 where it did not say.
    """

    def __init__(
        self,
        reason: str,
        *,
        for_good: bool = False,
        again_now: bool = False,
        host_busy: bool = False,
        wait: float = 0,
    ) -> None:
        super().__init__(reason)
        self.for_good = for_good
        self.again_now = again_now
        self.host_busy = host_busy
        self.wait = wait


@dataclass(frozen=True)
class Picture:
    """A downloaded picture.

    Attributes:
        data: Its bytes.
        suffix: Of a file of its format, with the dot.
    """

    data: bytes
    suffix: str


class PictureDownloader:
    """Downloads pictures, in several threads at once, with nothing taken on trust.

    Only http and https, and only addresses of the public internet: each hop of a redirection is
    resolved and checked, and the connection goes to the very address that was checked. Proxies
    from the environment are not used, as they would resolve the name themselves. There are no
    cookies, and addresses with a user name or password are refused.

    The size is counted as the bytes come in, whatever the server announces; nothing is inflated.
    The whole has a time limit beside that of each read, since a server that sends a byte a second
    meets the latter. That the content is a picture is seen from the content. Connections are kept
    and used again.

    Args:
        limits: What a download may take.
        allow_private: Whether addresses that are not public will do.
    """

    def __init__(self, limits: DownloadLimits, allow_private: bool = False) -> None:
        self.limits = limits
        self.allow_private = allow_private
        self._tls = ssl.create_default_context()
        self._lock = threading.Lock()
        self._decoding = threading.Lock()  # one at a time, for a bomb is large
        self._kept: dict[tuple, list[_Connection]] = {}
        self._running: set[_Lifeline] = set()
        self._is_stopped = False

    def download(self, address: str) -> Picture:
        """Downloads a picture: a single attempt.

        Raises:
            DownloadFailed: If there is none to be had at this address, or not now.
        """
        lifeline = _Lifeline()
        timer = threading.Timer(self.limits.total_seconds, lifeline.cut)
        timer.daemon = True
        with self._lock:
            self._running.add(lifeline)
            lifeline.is_cut = self._is_stopped
        timer.start()
        try:
            return self._follow(address, lifeline)
        except NotPublic as error:
            raise DownloadFailed(str(error), for_good=True) from error
        except (OSError, HTTPError, HTTPException) as error:
            if lifeline.is_cut:
                reason = f"not complete after {self.limits.total_seconds:g} s"
                raise DownloadFailed(reason) from error
            raise DownloadFailed(_in_words(error), again_now=True) from error
        except ValueError as error:  # what only a library deeper down finds wrong with an address
            raise DownloadFailed(_in_words(error), for_good=True) from error
        finally:
            timer.cancel()
            with self._lock:
                self._running.discard(lifeline)
            lifeline.let_go()

    def stop(self) -> None:
        """Makes all downloads fail, at once those that are under way."""
        with self._lock:
            self._is_stopped = True
            for lifeline in self._running:
                lifeline.cut()

    def close(self) -> None:
        """Closes the connections that were kept."""
        with self._lock:
            for connections in self._kept.values():
                for connection in connections:
                    connection.release()
            self._kept.clear()

    def _follow(self, address: str, lifeline: "_Lifeline") -> Picture:
        for _ in range(self.limits.redirects + 1):
            url = _checked(address)
            connection = self._connection(url)
            keep = False
            try:
                connection.lifeline = lifeline
                if connection.line is not None:
                    lifeline.hold(connection.line)
                connection.request(
                    "GET",
                    url.request_uri,
                    headers=HEADERS,
                    preload_content=False,
                    decode_content=False,
                )
                response = connection.getresponse()
                location = response.headers.get("Location")
                if response.status not in REDIRECTS or not location:
                    picture = self._picture(response)
                    keep = True
                    return picture
                address = _joined(address, location)
            finally:
                self._give_back(url, connection, keep)
        raise DownloadFailed(f"more than {self.limits.redirects} redirects", for_good=True)

    def _connection(self, url: Url) -> "_Connection":
        """A connection that was kept, or a new one that is not open yet."""
        port = url.port or {"http": 80, "https": 443}[url.scheme]
        with self._lock:
            kept = self._kept.get((url.scheme, url.host, port), [])
            while kept:
                connection = kept.pop()
                if connection.is_connected:
                    return connection
                connection.release()
        if url.scheme == "http":
            connection = _PlainConnection(url.host.strip("[]"), port)
        else:
            connection = _SecureConnection(url.host.strip("[]"), port, ssl_context=self._tls)
        connection.allow_private = self.allow_private
        connection.connect_seconds = self.limits.connect_seconds
        connection.timeout = self.limits.read_seconds
        return connection

    def _give_back(self, url: Url, connection: "_Connection", keep: bool) -> None:
        with self._lock:
            keep = keep and connection.is_connected  # or the server wanted it closed
            if keep and sum(map(len, self._kept.values())) < _KEPT_CONNECTIONS:
                key = (url.scheme, url.host, connection.port)
                self._kept.setdefault(key, []).append(connection)
            else:
                connection.release()

    def _picture(self, response: BaseHTTPResponse) -> Picture:
        if response.status != 200:
            raise DownloadFailed(
                f"HTTP status {response.status}",
                for_good=response.status not in PASSING,
                again_now=response.status in PASSING,
                host_busy=response.status in BUSY,
                wait=_seconds_to_wait(response) if response.status in BUSY else 0,
            )
        announced = response.length_remaining
        data = bytearray()
        while max(len(data), announced or 0) <= self.limits.size:
            chunk = response.read1(_CHUNK)
            if not chunk:
                return self._whole(bytes(data), announced is not None)
            data += chunk
        raise DownloadFailed(f"larger than {self.limits.size:,} bytes", for_good=True)

    def _whole(self, data: bytes, is_all: bool) -> Picture:
        """Decodes what came, as only that tells a whole picture from a part of one.

        Args:
            data: What came.
            is_all: Whether it is as many bytes as the server announced, so that another attempt
                will not bring more.
        """
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        except Image.DecompressionBombError as error:
            raise DownloadFailed("picture of too many pixels", for_good=True) from error
        except Exception as error:  # a broken file makes Pillow's parsers raise nearly anything
            raise DownloadFailed("not a picture", for_good=True) from error
        if image.width * image.height > Image.MAX_IMAGE_PIXELS:
            raise DownloadFailed("picture of too many pixels", for_good=True)
        try:
            image.draft(image.mode, (1, 1))  # of a JPEG an eighth of the pixels will do
            with self._decoding:
                image.load()
        except Exception as error:
            raise DownloadFailed(
                "picture is damaged", for_good=is_all, again_now=not is_all
            ) from error
        return Picture(data, {"JPEG": ".jpg"}.get(image.format, f".{image.format.lower()}"))


class _Lifeline:
    """What a download hangs on: its socket, which another thread can cut."""

    def __init__(self) -> None:
        self.is_cut = False
        self._lock = threading.Lock()
        self._line: socket | None = None

    def hold(self, line: socket) -> None:
        """Holds this socket instead of the one before."""
        with self._lock:
            self._line = line
            if self.is_cut:
                raise TimeoutError("cut before it was open")

    def cut(self) -> None:
        with self._lock:
            self.is_cut = True
            if self._line is not None:
                with suppress(OSError):  # it may have ended by itself
                    self._line.shutdown(SHUT_RDWR)

    def let_go(self) -> None:
        with self._lock:
            self._line = None


class _Pinned:
    """A connection to an address that was checked when the name was resolved, once.

    Attributes:
        line: A duplicate of the socket: the connection lets go of its own during a TLS handshake
            and when the answer is the last one.
        lifeline: What is to hold `line` as soon as there is one.
    """

    line: socket | None = None
    lifeline: _Lifeline

    def _new_conn(self) -> socket:  # urllib3's hook, which its SOCKS connections use too
        failure: OSError = TimeoutError("no time left to connect")
        for family, address in public_addresses(self.host, self.port, self.allow_private):
            if self.lifeline.is_cut:
                break
            opened = socket(family)
            try:
                opened.settimeout(self.connect_seconds)
                opened.connect(address)
                self.line = opened.dup()
                self.lifeline.hold(self.line)
            except OSError as error:
                opened.close()
                failure = error
            else:
                opened.settimeout(self.timeout)
                return opened
        raise failure

    def release(self) -> None:
        self.close()
        if self.line is not None:
            self.line.close()


class _PlainConnection(_Pinned, HTTPConnection):
    pass


class _SecureConnection(_Pinned, HTTPSConnection):
    pass


_Connection = _PlainConnection | _SecureConnection


def server(address: str) -> str:
    """The server of an address, for telling servers apart: its host and, if given, port."""
    try:
        return parse_url(address).netloc or ""
    except LocationParseError:
        return ""


def _checked(address: str) -> Url:
    if len(address) > LONGEST_ADDRESS:
        raise DownloadFailed("address is too long", for_good=True)
    try:
        url = parse_url(address)
    except LocationParseError as error:
        raise DownloadFailed("not an address", for_good=True) from error
    if url.scheme not in ("http", "https"):
        raise DownloadFailed("neither http nor https", for_good=True)
    if not url.host:
        raise DownloadFailed("address without a host", for_good=True)
    if url.auth is not None:
        raise DownloadFailed("address with a user name or password", for_good=True)
    return url


def _joined(address: str, location: str) -> str:
    try:
        return urljoin(address, location)
    except ValueError as error:
        raise DownloadFailed("redirect to what is not an address", for_good=True) from error


def _seconds_to_wait(response: BaseHTTPResponse) -> float:
    retry_after = response.headers.get("Retry-After")
    try:
        return max(0.0, Retry().parse_retry_after(retry_after)) if retry_after else 0.0
    except (HTTPError, ValueError, OverflowError):
        return 0.0


def _in_words(error: Exception) -> str:
    text = re.sub(r"^<.*?>: |^\w+\(.*?\): |\(?0x[0-9a-f]+\)?", "", str(error)).strip()
    return f"{type(error).__name__}: {text}"[:200] if text else type(error).__name__
