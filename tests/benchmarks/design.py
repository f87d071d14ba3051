r"""What a step of the search costs beside bare passes, and what each budget of steps reaches.

    python tests/benchmarks/design.py runs/dvbpr runs/gan

A step is the difference of two searches of unlike length, so that what comes before and after the
loop cancels; bare is a forward and a backward pass of G, D and Phi for as many codes, compiled.
Both are timed in turn, and the ratio is the median over rounds.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import tensorflow as tf

from keras_fashion.app.run import Run, matching_pair
from keras_fashion.design import PROCEDURES, PreferenceMaximiser
from keras_fashion.evaluation.compared_methods import generation
from keras_fashion.evaluation.generation import draw_pairs
from keras_fashion.evaluation.preference import StandardPreference
from keras_fashion.metrics.diversity import opposite_ssim

PEOPLE, SHORT, LONG = 4, 2, 10
BUDGETS = (0, 1, 2, 4, 6, 10)


@click.command()
@click.argument("recommender", type=click.Path(exists=True, path_type=Path))
@click.argument("gan", type=click.Path(exists=True, path_type=Path))
@click.option("--users", default=40, show_default=True)
@click.option("--rounds", default=7, show_default=True)
def main(recommender: Path, gan: Path, users: int, rounds: int) -> None:
    """Prints both."""
    taste, drawn = matching_pair(Run(recommender), Run(gan))
    users, categories = draw_pairs(taste, users, seed=0)
    click.echo(f"a step beside bare passes: {step_ratio(taste, drawn, users, categories, rounds)}")

    judge = StandardPreference(taste, users, categories)
    procedures = {"dvbpr": PROCEDURES["dvbpr"]} | {
        f"default, {steps} steps": replace(PROCEDURES["default"], steps=steps) for steps in BUDGETS
    }
    click.echo(
        f"{'':20}{'preference':>12}{'realism':>12}{'opp. SSIM':>12}{'evaluations':>12}{'s':>8}"
    )
    for name, procedure in procedures.items():
        maximiser = PreferenceMaximiser(taste.model, drawn.model, procedure)
        generation(maximiser, users, categories, seed=0)  # traces, and judges the prior
        started = time.perf_counter()
        designs = generation(maximiser, users, categories, seed=0)
        seconds = (time.perf_counter() - started) / len(users)
        preference = judge.of_pictures(designs.pictures).mean()
        different = np.mean([opposite_ssim(each) for each in designs.pictures])
        click.echo(
            f"{name:20}{preference:12.3f}{designs.realism.mean():12.3f}{different:12.3f}"
            f"{designs.evaluations / len(users):12.1f}{seconds:8.3f}"
        )


def step_ratio(
    taste: Run, drawn: Run, users: np.ndarray, categories: np.ndarray, rounds: int
) -> str:
    """Median seconds of a step over that of the bare passes, with the range over rounds."""
    searches = {}
    for steps in (SHORT, LONG):
        procedure = replace(PROCEDURES["default"], steps=steps, patience=steps + 1)
        maximiser = PreferenceMaximiser(taste.model, drawn.model, procedure)
        people = maximiser.people(
            taste.model.taste(users[:PEOPLE]), categories[:PEOPLE], np.ones(PEOPLE)
        )
        sample = maximiser.prior_sample(categories[:PEOPLE])
        consensus = maximiser.consensus(sample, people)
        start = maximiser.starts(sample, people, tf.constant(0))
        arguments = people, consensus, start, tf.constant(3)
        # The maximiser is named whole: its compiled method does not keep it alive.
        searches[steps] = lambda search=maximiser, given=arguments: search.maximise(*given)

    codes = tf.reshape(start, [-1, start.shape[-1]])
    kinds = tf.repeat(people.categories, start.shape[1])
    tastes = tf.repeat(people.tastes[:, 0], start.shape[1], axis=0)

    @tf.function
    def bare() -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(codes)
            _, styles, realism = maximiser.terms(codes, kinds)
            value = tf.reduce_sum(tastes * styles, axis=1) - tf.square(realism - 1)
        return tape.gradient(value, codes)

    for each in (bare, *searches.values()):
        each()
    ratios = []
    for _ in range(rounds):
        longer, shorter = seconds(searches[LONG]), seconds(searches[SHORT])
        alone = np.mean([seconds(bare) for _ in range(LONG - SHORT)])
        ratios.append((longer - shorter) / (LONG - SHORT) / alone)
    return f"{np.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def seconds(run: Callable[[], object]) -> float:
    """Of one call, until its result is there."""
    started = time.perf_counter()
    result = run()
    tf.nest.map_structure(lambda each: each.numpy(), result)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
