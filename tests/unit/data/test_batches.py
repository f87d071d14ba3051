import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.data.batches import (
    endless_batches,
    num_input_replicas,
    replica_row_indices,
    require_divisible,
)
from keras_fashion.errors import InputError


@pytest.mark.parametrize(("workers", "replicas"), [(1, 1), (1, 3), (2, 4)])
def test_every_row_of_a_batch_is_given_to_one_replica(workers, replicas):
    contexts = [tf.distribute.InputContext(workers, each, replicas) for each in range(workers)]
    local = replicas // workers
    for context in contexts:
        assert num_input_replicas(context) == replicas

    def make_batch(step, replica, context):
        rows = replica_row_indices(12, replica, context)
        return step, replica, rows

    given = []
    for context in contexts:
        dataset = endless_batches(
            lambda step, replica, context=context: make_batch(step, replica, context), 5, context
        )
        given.append(list(dataset.take(2 * local).as_numpy_iterator()))
    for turn, step in enumerate((5, 6)):
        parts = [each for worker in given for each in worker[turn * local : (turn + 1) * local]]
        assert [(int(part[0]), int(part[1])) for part in parts] == [
            (step, replica) for replica in range(replicas)
        ]
        assert sorted(np.concatenate([part[2] for part in parts])) == list(range(12))
        for replica, part in enumerate(parts):
            assert part[2].tolist() == list(range(replica, 12, replicas))


def test_rows_that_replicas_cannot_share_are_refused():
    require_divisible(12, 4)
    message = "6 rows .* by 4 devices: `batch_size` and `negatives` must be multiples of 4"
    with pytest.raises(InputError, match=message):
        require_divisible(6, 4)
