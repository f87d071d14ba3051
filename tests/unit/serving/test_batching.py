"""Tests of concurrent requests that are computed together."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from keras_fashion.serving.signatures.batching import BATCH_SIZE, MAX_WAITING, batched


class Doubler(tf.Module):
    """Doubles and, by another function, halves rows, slowly, and keeps the sizes of the batches."""

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

        def batch_function(rows):
            return tf.ensure_shape(tf.numpy_function(slow, [rows], tf.float32), [None, 1])

        run = batched(batch_function)
        return tf.function(run, input_signature=[tf.TensorSpec([None, 1])])


def at_once(function, requests):
    """Returns the answers, or errors, of requests that are made at the same time."""
    barrier = threading.Barrier(len(requests))

    def ask(rows):
        barrier.wait()
        try:
            return function(tf.constant(rows)).numpy()
        except tf.errors.OpError as error:
            return error

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(ask, requests))


def test_waiting_requests_are_computed_together():
    doubler = Doubler(0.2)
    requests = [np.full((number % 3 + 1, 1), number, np.float32) for number in range(12)]
    answers = at_once(doubler.double, requests)
    for rows, answer in zip(requests, answers, strict=True):
        np.testing.assert_array_equal(answer, rows * 2)
    assert sum(doubler.sizes) == sum(len(rows) for rows in requests)
    assert len(doubler.sizes) <= 4


def test_two_functions_do_not_mix_up_rows():
    doubler = Doubler(0.05)
    rows = np.ones((1, 1), np.float32)
    kinds = [doubler.double, doubler.halve] * 8

    def ask(which):
        return kinds[int(which[0, 0])](tf.constant(rows))

    answers = at_once(ask, [np.full((1, 1), number, np.float32) for number in range(16)])
    assert [float(answer[0, 0]) for answer in answers] == [2.0, 0.5] * 8


def test_a_request_larger_than_a_batch_is_split():
    doubler = Doubler(0.0)
    rows = np.arange(3 * BATCH_SIZE + 5, dtype=np.float32)[:, None]
    np.testing.assert_array_equal(doubler.double(tf.constant(rows)), rows * 2)
    assert max(doubler.sizes) == BATCH_SIZE


def test_requests_beyond_the_queue_are_refused_at_once():
    more = 8
    doubler = Doubler(0.1)
    whole = np.ones((BATCH_SIZE, 1), np.float32)
    answers = at_once(doubler.double, [whole] * (1 + MAX_WAITING + more))
    refused = [each for each in answers if isinstance(each, tf.errors.UnavailableError)]
    answered = [each for each in answers if isinstance(each, np.ndarray)]
    assert len(refused) + len(answered) == len(answers)
    assert more - 2 <= len(refused) <= more + 2
