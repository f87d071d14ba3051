"""Limits on what is asked of the servers of pictures and accepted from them."""

from dataclasses import dataclass

from urllib3 import Retry, Timeout

RETRIES = Retry(  # three further attempts, after 0, 2 to 3 and 4 to 5 seconds
    total=None,
    redirect=5,
    other=3,
    status_forcelist={408, 425, 429, 500, 502, 503, 504},
    backoff_factor=1,
    backoff_jitter=1,
)
TIMEOUT = Timeout(connect=10, read=15)


@dataclass(frozen=True)
class DownloadLimits:
    """Limits on what is asked of servers and accepted from them.

    Attributes:
        retries: Number of redirects, number of further attempts for a picture (`other`), seconds
            between them, and HTTP statuses after which another attempt makes sense.
        timeout: Seconds to open a connection, and seconds without a byte from the server.
        max_seconds: Seconds for one attempt, redirects included.
        max_bytes: Size of a picture in bytes.
        connections: Number of downloads at the same time.
        connections_per_host: Number of downloads from one host at the same time.
        min_wait: Seconds for which a host that answers 429 or 503 is left alone, at least.
        max_wait: Longest wait in seconds. A host that asks for more is left for the next run.
        max_failures: Number of successive failures after which a host is left for the next run.

    Example:
        >>> patient = DownloadLimits(retries=RETRIES.new(other=9), connections_per_host=1)
        >>> patient.max_bytes
        10000000
    """

    retries: Retry = RETRIES
    timeout: Timeout = TIMEOUT
    max_seconds: float = 60
    max_bytes: int = 10_000_000
    connections: int = 16
    connections_per_host: int = 4
    min_wait: float = 1
    max_wait: float = 300
    max_failures: int = 20
