"""Concurrent requests that are computed together."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from keras_fashion.serving.signatures.batched import MOST_WAITING, TOGETHER, batched


class Doubler(tf.Module):
    """Doubles and, in another place, halves rows, slowly, and remembers how many came together."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds
        self.sizes = []
        self.double = self._served(lambda rows: rows * 2)
        self.halve = self._served(lambda rows: rows / 2)

    def _served(self, function):
        def slow(rows):
            self.sizes.append(len(rows))
            time.sleep(self.seconds)
            return function(rows)

        def aggregation(rows):
            return tf.ensure_shape(tf.numpy_function(slow, [rows], tf.float32), [None, 1])

        run = batched(aggregation)
        return tf.function(run, input_signature=[tf.TensorSpec([None, 1])])


def at_once(function, requests):
    """Answers, or errors, of requests that are all made at the same moment."""
    barrier = threading.Barrier(len(requests))

    def ask(rows):
        barrier.wait()
        try:
            return function(tf.constant(rows)).numpy()
        except tf.errors.OpError as error:
            return error

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(ask, requests))


def test_what_comes_meanwhile_is_computed_together():
    doubler = Doubler(0.2)
    requests = [np.full((number % 3 + 1, 1), number, np.float32) for number in range(12)]
    answers = at_once(doubler.double, requests)
    for rows, answer in zip(requests, answers, strict=True):
        np.testing.assert_array_equal(answer, rows * 2)
    assert sum(doubler.sizes) == sum(len(rows) for rows in requests)
    assert len(doubler.sizes) <= 4


def test_two_places_are_not_mixed_up():
    doubler = Doubler(0.05)
    rows = np.ones((1, 1), np.float32)
    kinds = [doubler.double, doubler.halve] * 8

    def ask(which):
        return kinds[int(which[0, 0])](tf.constant(rows))

    answers = at_once(ask, [np.full((1, 1), number, np.float32) for number in range(16)])
    assert [float(answer[0, 0]) for answer in answers] == [2.0, 0.5] * 8


def test_what_is_larger_than_a_batch_is_cut():
    doubler = Doubler(0.0)
    rows = np.arange(3 * TOGETHER + 5, dtype=np.float32)[:, None]
    np.testing.assert_array_equal(doubler.double(tf.constant(rows)), rows * 2)
    assert max(doubler.sizes) == TOGETHER


def test_when_too_many_wait_the_rest_is_refused_at_once():
    more = 8
    doubler = Doubler(0.1)
    whole = np.ones((TOGETHER, 1), np.float32)
    answers = at_once(doubler.double, [whole] * (1 + MOST_WAITING + more))
    refused = [each for each in answers if isinstance(each, tf.errors.UnavailableError)]
    answered = [each for each in answers if isinstance(each, np.ndarray)]
    assert len(refused) + len(answered) == len(answers)
    assert more - 2 <= len(refused) <= more + 2
