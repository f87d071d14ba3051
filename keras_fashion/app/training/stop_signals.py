"""Handling of Ctrl-C (SIGINT) and SIGTERM, so that a training stops after a completed step.

The workers agree to stop by `Workers.any`, in the same exchange after each step in which they agree
that a checkpoint is due. `tf.distribute.experimental.PreemptionCheckpointHandler` does not replace
this. As measured with TensorFlow 2.21, it writes nothing after Ctrl-C or after a signal in the last
step, trains another step before it writes, and exits with the status 42, without finishing what the
callbacks and the run folder need.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from keras_fashion.errors import Terminated


@contextmanager
def raise_on_sigterm() -> Iterator[None]:
    """Raises `Terminated` on SIGTERM while the block runs, wherever the program is.

    It is for work before and after a training, where nothing has to be saved. Without a handler,
    SIGTERM has no effect on process 1 of a container. In other threads than the main thread, where
    Python cannot handle signals, nothing changes.

    Raises:
        Terminated: If the process receives SIGTERM.

    Example:
        >>> with raise_on_sigterm():
        ...     signal.raise_signal(signal.SIGTERM)
        Traceback (most recent call last):
            ...
        keras_fashion.errors.Terminated: stopped by SIGTERM. Run the same command again to continue.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        raise Terminated("stopped by SIGTERM. Run the same command again to continue.")

    is_main = threading.current_thread() is threading.main_thread()
    previous = signal.signal(signal.SIGTERM, handle) if is_main else None
    try:
        yield
    finally:
        if previous is not None:
            signal.signal(signal.SIGTERM, previous)


class StopSignals:
    """Records the first Ctrl-C or SIGTERM, for a loop that checks for it after each step.

    Within `interruptible`, both signals raise `KeyboardInterrupt` at once. Elsewhere a second
    Ctrl-C does, and a second SIGTERM is ignored, because some schedulers send it twice. Signals
    that the process was started to ignore are still ignored. In other threads than the main
    thread, where Python cannot handle signals, nothing changes.

    Attributes:
        received: The number of the signal; None so far.

    Example:
        >>> with StopSignals() as signals:
        ...     for step in range(10):
        ...         if step == 3:
        ...             signal.raise_signal(signal.SIGTERM)
        ...         if signals.received is not None:
        ...             break
        >>> step, signals.is_sigterm
        (3, True)
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._interruptible = False
        self._previous: dict[int, Callable[[int, FrameType | None], Any] | int | None] = {}

    def __enter__(self) -> "StopSignals":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @property
    def is_sigterm(self) -> bool:
        """Whether the process received SIGTERM, and not only Ctrl-C."""
        return self.received == signal.SIGTERM

    @contextmanager
    def interruptible(self, enabled: bool = True) -> Iterator[None]:
        """Lets signals interrupt the block, for long work that can be repeated.

        Args:
            enabled: Whether they do.

        Raises:
            KeyboardInterrupt: At a signal within the block, or at once if there was one before.
        """
        self._interruptible = enabled
        try:
            if enabled and self.received is not None:
                raise KeyboardInterrupt
            yield
        finally:
            self._interruptible = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        is_second = self.received is not None
        if self.received != signal.SIGTERM:
            self.received = number
        if self._interruptible or (is_second and number == signal.SIGINT):
            self._interruptible = False
            raise KeyboardInterrupt
