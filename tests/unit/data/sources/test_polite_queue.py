import random
from collections import Counter

import pytest

from keras_fashion.data.sources.web_pictures.polite_queue import PoliteQueue


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def take_all(queue):
    taken = []
    while (each := queue.take()) is not None:
        taken.append(each)
    return taken


def test_hosts_take_turns_and_each_has_its_share(clock):
    queue = PoliteQueue(2, clock)
    for task in range(5):
        queue.add("a", task)
    queue.add("b", 9)
    assert take_all(queue) == [("a", 0), ("b", 9), ("a", 1)]
    queue.finished("a")
    assert take_all(queue) == [("a", 2)]


def test_a_task_waits_its_time(clock):
    queue = PoliteQueue(1, clock)
    queue.add("a", "late", 5)
    assert queue.take() is None
    assert queue.seconds_to_next() == 5
    clock.now += 5
    assert queue.take() == ("a", "late")
    assert queue.seconds_to_next() is None


def test_a_paused_host_is_left_alone_with_all_its_tasks(clock):
    queue = PoliteQueue(2, clock)
    for task in range(3):
        queue.add("a", task)
    assert queue.take() == ("a", 0)
    queue.pause("a", 7)
    queue.pause("a", 3)  # a shorter one does not shorten it
    queue.add("b", "b")
    queue.finished("a")
    assert take_all(queue) == [("b", "b")]
    clock.now += 3
    assert take_all(queue) == []
    assert queue.seconds_to_next() == 4
    clock.now += 4
    assert take_all(queue) == [("a", 1), ("a", 2)]


def test_a_dropped_host_is_forgotten(clock):
    queue = PoliteQueue(1, clock)
    for seconds in (0, 0, 0, 9):
        queue.add("a", seconds, seconds)
    queue.add("b", 1, 9)
    queue.take()
    queue.pause("a", 2)
    assert queue.drop("a") == 3
    queue.finished("a")
    queue.add("a", 5)
    clock.now += 10
    assert take_all(queue) == [("b", 1)]
    assert queue.is_dropped("a") and not queue.is_dropped("b")


def test_no_task_is_lost_or_given_twice(clock):
    """Whatever happens in whatever order."""
    rng = random.Random(0)
    for _ in range(30):
        queue, added, taken, running = PoliteQueue(rng.randint(1, 3), clock), 0, [], []
        for _ in range(200):
            step = rng.random()
            host = rng.choice("abc")
            if step < 0.4:
                queue.add(host, added, rng.choice([0, 0, 1, 5]))
                added += 1
            elif step < 0.7 and (each := queue.take()):
                taken.append(each[1])
                running.append(each[0])
                assert max(Counter(running).values()) <= queue.per_host
            elif step < 0.85 and running:
                queue.finished(running.pop(rng.randrange(len(running))))
            elif step < 0.9:
                queue.pause(host, rng.choice([1, 5]))
            else:
                clock.now += 1
        clock.now += 10
        for _ in range(added + 1):
            while running:
                queue.finished(running.pop())
            taken += [task for host, task in take_all(queue) if running.append(host) is None]
        assert sorted(taken) == list(range(added))
