"""Maximizers for tests, which cost what they trace."""

from copy import copy

import numpy as np
import tensorflow as tf

from keras_fashion.design import GroupPreference, PreferenceMaximiser, Procedure
from keras_fashion.design.objective import MEAN, Consensus, People


def under(maximiser: PreferenceMaximiser, procedure: Procedure) -> PreferenceMaximiser:
    """One of another procedure over the same networks, which are not traced again."""
    other = copy(maximiser)
    other.procedure = procedure
    return other


def traced(
    maximiser: PreferenceMaximiser,
    together: GroupPreference = MEAN,
    held: np.ndarray | None = None,
) -> PreferenceMaximiser:
    """The same, traced once for any number of people and members; else each new one is a trace."""
    sample = maximiser.prior_sample([0])
    anyone, codes = [None, None], sample.codes.shape[-1]
    sample = sample._replace(
        **{
            name: tf.TensorSpec([None, *part.shape[1:]])
            for name, part in sample._asdict().items()
            if name != "codes"
        }
    )
    styles = sample.styles.shape[-1]
    people = People(
        tastes=tf.TensorSpec([*anyone, styles]),
        weights=tf.TensorSpec(anyone),
        categories=tf.TensorSpec([None], tf.int32),
        etas=tf.TensorSpec([None]),
        level=tf.TensorSpec(anyone),
        spread=tf.TensorSpec(anyone),
    )
    number = tf.TensorSpec([], tf.int32)
    consensus = Consensus(tf.TensorSpec([None, styles]), tf.TensorSpec([None]))
    start = tf.TensorSpec([None, maximiser.procedure.restarts, codes])
    maximiser.consensus.get_concrete_function(sample, people, together)
    maximiser.starts.get_concrete_function(sample, people, number, together)
    maximiser.maximise.get_concrete_function(people, consensus, start, number, together, held)
    return maximiser
