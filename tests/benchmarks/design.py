r"""Measures the cost of a step of the search, and the results of several numbers of steps.

    python tests/benchmarks/design.py runs/dvbpr runs/gan

The time of a step is taken from the difference of two searches of different length, in which the
work before and after the loop cancels. It is compared with a compiled forward and backward pass of
G, D and Phi for as many latents. Both are timed in turn, and the ratio is the median over rounds.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.app.run_checks import require_matching_pair
from keras_fashion.design import PROCEDURES, PreferenceMaximizer
from keras_fashion.evaluation.compared_methods import maximized_designs
from keras_fashion.evaluation.generation import draw_pairs
from keras_fashion.evaluation.preference import StandardizedPreference
from keras_fashion.metrics.diversity import opposite_ssim

NUM_USERS, SHORT, LONG = 4, 2, 10
NUM_STEPS = (0, 1, 2, 4, 6, 10)


@click.command()
@click.argument("recommender", type=click.Path(exists=True, path_type=Path))
@click.argument("gan", type=click.Path(exists=True, path_type=Path))
@click.option("--users", default=40, show_default=True)
@click.option("--rounds", default=7, show_default=True)
def main(recommender: Path, gan: Path, users: int, rounds: int) -> None:
    """Prints the cost of a step and the results."""
    run, drawn = require_matching_pair(Run(recommender), Run(gan))
    users, categories = draw_pairs(run, users, seed=0)
    ratio = step_ratio(run, drawn, users, categories, rounds)
    click.echo(f"time of a step relative to bare passes: {ratio}")

    standardized = StandardizedPreference(run, users, categories)
    procedures = {"dvbpr": PROCEDURES["dvbpr"]} | {
        f"default, {steps} steps": replace(PROCEDURES["default"], steps=steps)
        for steps in NUM_STEPS
    }
    click.echo(
        f"{'':20}{'preference':>12}{'realism':>12}{'opp. SSIM':>12}{'evaluations':>12}{'s':>8}"
    )
    for name, procedure in procedures.items():
        maximizer = PreferenceMaximizer(run.model, drawn.model, procedure)
        maximized_designs(maximizer, users, categories, seed=0)  # traces, and evaluates the prior
        started = time.perf_counter()
        designs = maximized_designs(maximizer, users, categories, seed=0)
        seconds = (time.perf_counter() - started) / len(users)
        preference = standardized.of_pictures(designs.pictures).mean()
        different = np.mean([opposite_ssim(each) for each in designs.pictures])
        click.echo(
            f"{name:20}{preference:12.3f}{designs.realism.mean():12.3f}{different:12.3f}"
            f"{designs.evaluations / len(users):12.1f}{seconds:8.3f}"
        )


def step_ratio(run: Run, drawn: Run, users: np.ndarray, categories: np.ndarray, rounds: int) -> str:
    """Returns the median ratio of a step to the bare passes, with its range over rounds."""
    searches = {}
    for steps in (SHORT, LONG):
        procedure = replace(PROCEDURES["default"], steps=steps, patience=steps + 1)
        maximizer = PreferenceMaximizer(run.model, drawn.model, procedure)
        batch = maximizer.batch(
            run.model.user_embedding(users[:NUM_USERS]),
            categories[:NUM_USERS],
            np.ones(NUM_USERS),
        )
        sample = maximizer.prior_sample(categories[:NUM_USERS])
        arguments = sample, batch, tf.constant(0), tf.constant(3)
        # The maximizer is captured as a whole, because its compiled method does not keep it alive.
        searches[steps] = lambda owner=maximizer, given=arguments: owner.search(*given)

    start = maximizer.starts(sample, batch, tf.constant(0))
    latents = tf.reshape(start, [-1, start.shape[-1]])
    kinds = tf.repeat(batch.categories, start.shape[1])
    user_embeddings = tf.repeat(batch.user_embeddings[:, 0], start.shape[1], axis=0)

    @tf.function
    def bare() -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(latents)
            terms = maximizer.terms(latents, kinds)
            preference = tf.reduce_sum(user_embeddings * terms.embeddings, axis=1)
            value = preference - tf.square(terms.realism - 1)
        return tape.gradient(value, latents)

    for each in (bare, *searches.values()):
        each()
    ratios = []
    for _ in range(rounds):
        longer, shorter = seconds(searches[LONG]), seconds(searches[SHORT])
        alone = np.mean([seconds(bare) for _ in range(LONG - SHORT)])
        ratios.append((longer - shorter) / (LONG - SHORT) / alone)
    return f"{np.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def seconds(run: Callable[[], object]) -> float:
    """Returns the seconds that one call takes until its result is computed."""
    started = time.perf_counter()
    result = run()
    tf.nest.map_structure(lambda each: each.numpy(), result)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
