"""Whose turn it is: tasks for many servers, of which each is asked only so much at once."""

import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Task = TypeVar("Task")


@dataclass
class _Host(Generic[Task]):
    tasks: deque[Task] = field(default_factory=deque)
    running: int = 0
    paused_until: float = float("-inf")
    in_line: bool = False
    is_dropped: bool = False


class PoliteQueue(Generic[Task]):
    """Tasks by host, taken from the hosts in turn.

    Args:
        per_host: Tasks of one host that may run at once.
        clock: Tells the time in seconds.

    Example:
        >>> queue = PoliteQueue(per_host=4)
        >>> queue.add("example.org", "/a.jpg")
        >>> host, task = queue.take()
        >>> queue.finished(host)
    """

    def __init__(self, per_host: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_host = per_host
        self._clock = clock
        self._hosts: dict[str, _Host[Task]] = {}
        self._line: deque[tuple[str, _Host[Task]]] = deque()  # hosts of which one may be taken
        # (when, tie-break, host, its task or None where the host itself was paused)
        self._later: list[tuple[float, int, str, tuple[Task] | None]] = []
        self._tie_break = itertools.count()

    def add(self, host: str, task: Task, seconds: float = 0) -> None:
        """Adds a task that is not to be taken before so many seconds have passed.

        A task for a host that was dropped is forgotten.
        """
        if self.is_dropped(host):
            return
        if seconds > 0:
            entry = (self._clock() + seconds, next(self._tie_break), host, (task,))
            heapq.heappush(self._later, entry)
        else:
            self._host(host).tasks.append(task)
            self._line_up(host)

    def take(self) -> tuple[str, Task] | None:
        """The next host and task, which count as running; None if none may run now."""
        while self._later and self._later[0][0] <= self._clock():
            _, _, name, task = heapq.heappop(self._later)
            if task is not None:
                self._host(name).tasks.appendleft(task[0])
            self._line_up(name)
        while self._line:
            name, host = self._line.popleft()
            host.in_line = False
            if self._may_start(host):
                host.running += 1
                task = host.tasks.popleft()
                self._line_up(name)
                return name, task
        return None

    def finished(self, host: str) -> None:
        """A task of this host no longer runs."""
        self._host(host).running -= 1
        self._line_up(host)

    def pause(self, host: str, seconds: float) -> None:
        """Leaves a host alone for so many seconds, with all its tasks."""
        until = max(self._host(host).paused_until, self._clock() + seconds)
        self._host(host).paused_until = until
        heapq.heappush(self._later, (until, next(self._tie_break), host, None))

    def drop(self, host: str) -> int:
        """Forgets all tasks of a host, those to come too, and says how many there were."""
        kept = [entry for entry in self._later if entry[2] != host]
        count = sum(1 for entry in self._later if entry[2] == host and entry[3] is not None)
        self._later = kept
        heapq.heapify(self._later)
        dropped = self._host(host)
        count += len(dropped.tasks)
        dropped.tasks.clear()
        dropped.is_dropped = True
        return count

    def is_dropped(self, host: str) -> bool:
        """Whether the host was dropped."""
        return host in self._hosts and self._hosts[host].is_dropped

    def seconds_to_next(self) -> float | None:
        """Until `take` may give a task though no other finishes; None if it will not."""
        return max(0.0, self._later[0][0] - self._clock()) if self._later else None

    def _host(self, host: str) -> _Host[Task]:
        return self._hosts.setdefault(host, _Host())

    def _line_up(self, name: str) -> None:
        host = self._host(name)
        if not host.in_line and self._may_start(host):
            host.in_line = True
            self._line.append((name, host))

    def _may_start(self, host: _Host[Task]) -> bool:
        return bool(
            host.tasks and host.running < self.per_host and host.paused_until <= self._clock()
        )
