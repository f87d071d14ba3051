"""One attempt to download a picture from an address that nobody has checked.

The checks of addresses, the limits on size and total time, and the test that the content is a
whole picture are our own, because neither urllib3 nor pooch has them; urllib3 does the rest.
"""

import io
import re
import threading
from http.client import HTTPException
from typing import Literal, NamedTuple
from urllib.parse import urljoin

from PIL import Image, UnidentifiedImageError
from urllib3 import BaseHTTPResponse, Retry
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import parse_url

from keras_fashion import __version__
from keras_fashion.data.picture_checks import FORMATS
from keras_fashion.data.sources.web_pictures.download_limits import DownloadLimits
from keras_fashion.data.sources.web_pictures.guarded_pools import GuardedPools, Transfer
from keras_fashion.data.sources.web_pictures.public_addresses import NotPublic

HEADERS = {
    "User-Agent": f"keras-fashion/{__version__} (gathers product pictures for research)",
    "Accept": "image/*",
    "Accept-Encoding": "identity",
}
MAX_ADDRESS_LENGTH = 8000  # characters; servers that take more are rare
BUSY = (429, 503)
_decoding = threading.Lock()  # one at a time: the pixels of a picture may take gigabytes


class DownloadFailed(Exception):
    """A picture could not be downloaded; the message is the reason.

    Attributes:
        retry: When another attempt may succeed: "soon", in the "next run", or "never".
        busy_seconds: Seconds for which a busy host asks to be left alone, or 0; None if not busy.
    """

    def __init__(
        self,
        reason: str,
        retry: Literal["soon", "next run", "never"] = "never",
        busy_seconds: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.retry = retry
        self.busy_seconds = busy_seconds


class Picture(NamedTuple):
    """An encoded picture and the suffix of a file of its format, such as ".jpg"."""

    data: bytes
    suffix: str


class PictureDownloader:
    """Downloads pictures; several threads may share it.

    Only http and https addresses without a user name or password are requested, and connections
    go only to addresses of the public internet, after a redirect, too. There are no cookies. The
    size is counted as the bytes arrive, whatever the server announces, and nothing is inflated.

    Args:
        limits: Limits on each download.
        allow_private: Whether connections may go to addresses that are not public.

    Example:
        >>> PictureDownloader(DownloadLimits()).download("http://127.0.0.1/0108.jpg")
        Traceback (most recent call last):
        ...
        keras_fashion.data.sources.web_pictures.picture_download.DownloadFailed: 127.0.0.1 is at ...
    """

    def __init__(self, limits: DownloadLimits, allow_private: bool = False) -> None:
        self.limits = limits
        self.allow_private = allow_private
        size = limits.connections
        self._pools = GuardedPools(num_pools=size, maxsize=size, headers=HEADERS)
        self._lock = threading.Lock()
        self._transfers: set[Transfer] = set()
        self._is_stopped = False

    def download(self, address: str) -> Picture:
        """Makes one attempt to download a picture.

        Raises:
            DownloadFailed: If there is no picture at this address, or not now.
        """
        transfer = Transfer(self.limits.max_seconds, self.allow_private)
        with self._lock:
            self._transfers.add(transfer)
            if self._is_stopped:
                transfer.interrupt()
        try:
            with transfer:
                return self._follow(address)
        except Exception as error:
            if transfer.is_interrupted:
                reason = f"not complete after {self.limits.max_seconds:g} s"
                raise DownloadFailed(reason, "next run") from error
            if isinstance(error, DownloadFailed):
                raise
            raise _failure(error) from error
        finally:
            with self._lock:
                self._transfers.discard(transfer)

    def stop(self) -> None:
        """Makes all downloads fail at once, those under way and those to come."""
        with self._lock:
            self._is_stopped = True
            for transfer in self._transfers:
                transfer.interrupt()

    def close(self) -> None:
        """Closes idle connections."""
        self._pools.clear()

    def _follow(self, address: str) -> Picture:
        retries = self.limits.retries
        while True:
            _check(address)
            response = self._pools.urlopen(
                "GET",
                address,
                redirect=False,  # urllib3 would read the body of a redirect, however long it is
                retries=False,
                timeout=self.limits.timeout,
                preload_content=False,
                decode_content=False,
            )
            try:
                location = response.get_redirect_location()
                if not location:
                    return self._picture(response)
                retries = retries.increment("GET", address, response=response)
            finally:
                response.close()
            address = urljoin(address, location)

    def _picture(self, response: BaseHTTPResponse) -> Picture:
        status, retries = response.status, self.limits.retries
        if status != 200:
            raise DownloadFailed(
                f"HTTP status {status}",
                "soon" if retries.is_retry("GET", status) else "never",
                _busy_seconds(retries, response) if status in BUSY else None,
            )
        announced = response.length_remaining
        data = bytearray()
        while max(len(data), announced or 0) <= self.limits.max_bytes:
            chunk = response.read1(2**16)
            if not chunk:
                return decoded(bytes(data), is_complete=announced is not None)
            data += chunk
        raise DownloadFailed(f"larger than {self.limits.max_bytes:,} bytes")


def _check(address: str) -> None:
    if len(address) > MAX_ADDRESS_LENGTH:
        raise DownloadFailed("address is too long")
    url = parse_url(address)
    if url.scheme not in ("http", "https"):
        raise DownloadFailed("neither http nor https")
    if not url.host:
        raise DownloadFailed("address without a host")
    if url.auth is not None:
        raise DownloadFailed("address with a user name or password")


def _busy_seconds(retries: Retry, response: BaseHTTPResponse) -> float:
    try:
        return retries.get_retry_after(response) or 0.0
    except (HTTPError, ValueError, OverflowError):
        return 0.0


def decoded(data: bytes, is_complete: bool = True) -> Picture:
    """Decodes a picture, because only that tells a whole picture from a part of one.

    Args:
        data: Encoded picture.
        is_complete: Whether this is known to be all, so that another attempt is useless.

    Raises:
        DownloadFailed: If the content is not a picture, is damaged, or has too many pixels.
    """
    try:
        with _decoding, Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > (Image.MAX_IMAGE_PIXELS or float("inf")):
                raise Image.DecompressionBombError
            image.draft(image.mode, (1, 1))  # an eighth of the pixels of a JPEG is enough
            image.load()
            kind = str(image.format).lower()
    except Image.DecompressionBombError as error:
        raise DownloadFailed("picture of too many pixels") from error
    except UnidentifiedImageError as error:
        raise DownloadFailed("not a picture") from error
    except Exception as error:  # a broken file makes Pillow's parsers raise nearly anything
        raise DownloadFailed("picture is damaged", "never" if is_complete else "soon") from error
    return Picture(data, ".jpg" if kind == "jpeg" else f".{kind}")


def _failure(error: Exception) -> DownloadFailed:
    if isinstance(error, NotPublic):
        return DownloadFailed(str(error))
    if isinstance(error, MaxRetryError):
        return DownloadFailed("too many redirects")
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return DownloadFailed("not an address")
    if not isinstance(error, (OSError, HTTPError, HTTPException)):
        raise error
    text = re.sub(r"^\w+\(host=.*?\): ", "", str(error))
    return DownloadFailed(f"{type(error).__name__}: {text}"[:200], "soon")
