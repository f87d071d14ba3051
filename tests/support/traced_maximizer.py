"""Maximizers for tests, which cost what they trace."""

from copy import copy

import numpy as np
import tensorflow as tf

from keras_fashion.design import Aggregation, PreferenceMaximizer, Procedure
from keras_fashion.design.objective import MEAN, Consensus, DesignBatch


def under(maximizer: PreferenceMaximizer, procedure: Procedure) -> PreferenceMaximizer:
    """One of another procedure over the same networks, which are not traced again."""
    other = copy(maximizer)
    other.procedure = procedure
    return other


def traced(
    maximizer: PreferenceMaximizer,
    aggregation: Aggregation = MEAN,
    fixed_directions: np.ndarray | None = None,
) -> PreferenceMaximizer:
    """The same, traced once for any number of people and members; else each new one is a trace."""
    sample = maximizer.prior_sample([0])
    anyone, latents = [None, None], sample.latents.shape[-1]
    sample = sample._replace(
        **{
            name: tf.TensorSpec([None, *part.shape[1:]])
            for name, part in sample._asdict().items()
            if name != "latents"
        }
    )
    embeddings = sample.embeddings.shape[-1]
    batch = DesignBatch(
        user_embeddings=tf.TensorSpec([*anyone, embeddings]),
        weights=tf.TensorSpec(anyone),
        categories=tf.TensorSpec([None], tf.int32),
        etas=tf.TensorSpec([None]),
        level=tf.TensorSpec(anyone),
        spread=tf.TensorSpec(anyone),
    )
    number = tf.TensorSpec([], tf.int32)
    consensus = Consensus(tf.TensorSpec([None, embeddings]), tf.TensorSpec([None]))
    start = tf.TensorSpec([None, maximizer.procedure.restarts, latents])
    maximizer.consensus.get_concrete_function(sample, batch, aggregation)
    maximizer.starts.get_concrete_function(sample, batch, number, aggregation)
    maximizer.maximize.get_concrete_function(
        batch, consensus, start, number, aggregation, fixed_directions
    )
    return maximizer
