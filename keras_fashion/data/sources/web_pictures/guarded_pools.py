"""Connection pools of urllib3 that reach only checked addresses and can be interrupted.

Both are our own because urllib3 2.8 has no place for them: it resolves a host name while it
connects, so that nothing can check the address in between, and its timeouts limit each read from
a socket, so that a response of a byte a second never exceeds them.
"""

import ssl
import threading
from contextlib import suppress
from contextvars import ContextVar
from socket import SHUT_RDWR, socket
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse
from urllib3.util.connection import create_connection

from keras_fashion.data.sources.web_pictures.public_addresses import public_addresses


class Transfer:
    """The context in which a thread makes requests: it limits their total time.

    Args:
        seconds: Time limit.
        allow_private: Whether connections may go to addresses that are not public.

    Attributes:
        is_interrupted: Whether the time is over or `interrupt` was called.
    """

    def __init__(self, seconds: float, allow_private: bool) -> None:
        self.allow_private = allow_private
        self.is_interrupted = False
        self._lock = threading.Lock()
        self._socket: socket | None = None
        self._timer = threading.Timer(seconds, self.interrupt)
        self._timer.daemon = True

    def __enter__(self) -> "Transfer":
        self._token = _CURRENT.set(self)
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        _CURRENT.reset(self._token)

    def interrupt(self) -> None:
        """Makes the requests fail, even while they wait for the server."""
        with self._lock:
            self.is_interrupted = True
            if self._socket is not None:
                with suppress(OSError):  # it may be closed already
                    socket.shutdown(self._socket, SHUT_RDWR)

    def check(self, reading: socket | None = None) -> None:
        """Raises TimeoutError if interrupted; otherwise notes the socket that is read next."""
        with self._lock:
            if self.is_interrupted:
                raise TimeoutError("interrupted")
            self._socket = reading


_CURRENT: ContextVar[Transfer] = ContextVar("transfer")


class _GuardedConnection(HTTPConnection):
    def _new_conn(self) -> socket:
        transfer = _CURRENT.get()
        failure = OSError("the host has no address")
        for address in public_addresses(self._dns_host, self.port, transfer.allow_private):
            transfer.check()
            try:
                return create_connection(
                    (address, self.port), self.timeout, socket_options=self.socket_options
                )
            except OSError as error:
                failure = error
        raise failure

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as in urllib3
        # What came before, connecting and the TLS handshake, has a limit on its total time.
        _CURRENT.get().check(self.sock)
        return super().getresponse()


class _GuardedSecureConnection(_GuardedConnection, HTTPSConnection):
    pass


class _GuardedPool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection  # pyright: ignore[reportAssignmentType]


class _GuardedSecurePool(HTTPSConnectionPool):
    ConnectionCls = _GuardedSecureConnection  # pyright: ignore[reportAssignmentType]


class GuardedPools(PoolManager):
    """A pool manager for requests within a `Transfer`.

    Proxies from the environment are not used, because they would resolve host names themselves.

    Args:
        options: Options of `urllib3.PoolManager`.

    Example:
        >>> with Transfer(seconds=60, allow_private=False):
        ...     GuardedPools(num_pools=4).request("GET", "http://127.0.0.1/", retries=False)
        Traceback (most recent call last):
        ...
        keras_fashion.data.sources.web_pictures.public_addresses.NotPublic: 127.0.0.1 is at ...
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(ssl_context=ssl.create_default_context(), **options)
        self.pool_classes_by_scheme = {"http": _GuardedPool, "https": _GuardedSecurePool}
