"""Ctrl-C and SIGTERM, taken where nothing is half done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from keras_fashion.errors import Terminated


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """SIGTERM is Terminated where the program stands: where there is nothing yet to finish.

    A process that is number 1 in its container would not hear it otherwise.
    """

    def end(number: int, frame: FrameType | None) -> None:
        raise Terminated("told to end (SIGTERM). The same command goes on.")

    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, end) if main else None
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


class StopSignals:
    """Notes the first Ctrl-C or SIGTERM, for a loop that looks after each step.

    While `at_once` they are KeyboardInterrupt where the program stands, and so is Ctrl-C when
    something came before it; SIGTERM, which some schedulers send twice, is then ignored. Elsewhere
    than in the main thread, where Python hears no signals, and for a signal that the process was
    started to ignore, nothing changes.

    Attributes:
        told: The signal that came; None so far.
    """

    def __init__(self) -> None:
        self.told: int | None = None
        self._at_once = False

    def __enter__(self) -> "StopSignals":
        self._before = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._tell)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def is_sigterm(self) -> bool:
        """Whether the process was told to end, rather than interrupted by its user."""
        return self.told == signal.SIGTERM

    @contextmanager
    def at_once(self, may: bool = True) -> Iterator[None]:
        """Long work that need not be finished: it can be done again."""
        self._at_once = may
        try:
            if may and self.told is not None:
                raise KeyboardInterrupt
            yield
        finally:
            self._at_once = False

    def _tell(self, number: int, frame: FrameType | None) -> None:
        again = self.told is not None
        if self.told != signal.SIGTERM:
            self.told = number
        if self._at_once or (again and number == signal.SIGINT):
            self._at_once = False
            raise KeyboardInterrupt
