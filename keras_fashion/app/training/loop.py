"""The training loop: on any devices, with checkpoints, resumable."""

import sys
import time
from collections.abc import Callable, Sequence
from copy import deepcopy

import keras
import tensorflow as tf
from tqdm.keras import TqdmCallback

from keras_fashion.app.run import Run
from keras_fashion.app.training.checkpoints import Checkpoints, Progress
from keras_fashion.app.training.stop_signals import StopSignals
from keras_fashion.distribution.workers import Workers
from keras_fashion.errors import Terminated, TrainingFailed


def require_finite(model: keras.Model) -> None:
    """Raises TrainingFailed if a weight is no longer a finite number."""
    if not all(bool(tf.reduce_all(tf.math.is_finite(each))) for each in model.trainable_variables):
        raise TrainingFailed(
            "diverged: its weights are no finite numbers any more; try a smaller --learning-rate"
        )


GO_ON = "The same command goes on from there."

Stream = Callable[[int, tf.distribute.InputContext | None], tf.data.Dataset]
"""Makes the batches without end from a number on, for some replicas or, with None, for one."""


def fit(
    model: keras.Model,
    stream: Stream,
    run: Run,
    epochs: int,
    steps: int,
    callbacks: Sequence[keras.callbacks.Callback],
    progress: Progress,
    checkpoints: Checkpoints,
) -> bool:
    """Trains a compiled model into its run folder, from where `progress` stands.

    Keras's own `fit` would do on one machine; it fails on several (Keras 3.15), and it begins
    with whole epochs only. Here as there a step is the model's `train_step` under the strategy
    that the model was made in, and callbacks are Keras's.

    The chief writes `history.csv`, `logs/` (TensorBoard) and checkpoints, and shows progress with
    the time left on stderr. At Ctrl-C, or SIGTERM on any worker, the step is finished and a
    checkpoint written. What follows an epoch's last step is broken off and done again later; on
    several workers it is finished.

    Args:
        model: Compiled, and made in the scope of its strategy.
        stream: Its batches; batch k is that of step k.
        run: Where everything goes.
        epochs: After how many passes it ends at the latest.
        steps: Batches in a pass.
        callbacks: In the order in which they shall see an epoch's logs. Each worker calls those
            that it is given; `stop_training` is for all of them to set in the same epoch.
        progress: Moved on as the training is.
        checkpoints: Of this model and progress.

    Returns:
        Whether it was interrupted by Ctrl-C.

    Raises:
        TrainingFailed: If the weights are no longer finite numbers; no checkpoint has them.
        InputError: If a checkpoint cannot be written.
        Terminated: After SIGTERM.
    """
    workers = Workers(model.distribute_strategy)
    if workers.is_chief:
        callbacks = [
            *callbacks,
            keras.callbacks.CSVLogger(run.path / "history.csv", append=True),
            keras.callbacks.TensorBoard(run.path / "logs", write_graph=False),
            TqdmCallback(verbose=0, desc=run.path.name, file=sys.stderr),
        ]
    heard = keras.callbacks.CallbackList(callbacks, model=model, epochs=epochs, steps=steps)
    step = _step(model)
    batches = _batches(model, stream, progress.epoch * steps + progress.batch)
    started = time.monotonic() - progress.seconds
    stopped = False

    def keep() -> None:
        require_finite(model)
        progress.sums = _sums(model)
        progress.seconds = time.monotonic() - started
        if workers.is_chief:
            checkpoints.save()
        else:
            checkpoints.start_clock()

    model.stop_training = False
    checkpoints.start_clock()
    with StopSignals() as signals:
        heard.on_train_begin()
        while progress.epoch < epochs and not model.stop_training and not stopped:
            _take_up_sums(model, progress)
            heard.on_epoch_begin(progress.epoch)
            while progress.batch < steps and not stopped:
                heard.on_train_batch_begin(progress.batch)
                logs = step(batches)
                progress.batch += 1
                heard.on_train_batch_end(progress.batch - 1, logs)
                due, stopped = workers.any([checkpoints.is_due(), signals.told is not None])
                if stopped or due:
                    keep()
            if not stopped:
                # The chief's word: others may see its folder late.
                (bare,) = workers.any([workers.is_chief and checkpoints.is_empty])
                if bare:
                    keep()  # no model without a checkpoint to go on from
                noted = deepcopy(progress.noted)
                try:
                    with signals.at_once(workers.count == 1):
                        heard.on_epoch_end(progress.epoch, _logs(model))
                except KeyboardInterrupt:
                    if workers.count > 1:
                        raise  # the second: the others are elsewhere
                    stopped = True
                    progress.forget_since(noted)
                    keep()
                else:
                    progress.epoch, progress.batch = progress.epoch + 1, 0
        if not stopped:
            keep()
        heard.on_train_end()
        (terminated,) = workers.any([signals.is_sigterm])
    if terminated:
        raise Terminated(f"told to end (SIGTERM); {run.path} keeps every step so far. {GO_ON}")
    if stopped:
        print(f"interrupted; {run.path} keeps every step so far. {GO_ON}", file=sys.stderr)
    return stopped


def _step(model: keras.Model) -> Callable[[tf.data.Iterator], dict[str, tf.Tensor]]:
    """A step on the next batch, all replicas together; gives the first one's logs.

    AutoGraph is off: no `train_step` branches in Python on a tensor, and to convert its source,
    and that of all it calls, is a third of the time that a GAN's first step takes.
    """
    strategy = model.distribute_strategy

    @tf.function(reduce_retracing=True, jit_compile=model.jit_compile, autograph=False)
    def on_batch(batch: object) -> dict[str, tf.Tensor]:
        logs = strategy.run(model.train_step, args=(batch,))
        return {name: strategy.experimental_local_results(value)[0] for name, value in logs.items()}

    return tf.function(
        lambda batches: on_batch(batches.get_next()), reduce_retracing=True, autograph=False
    )


def _batches(model: keras.Model, stream: Stream, start: int) -> tf.data.Iterator:
    strategy = model.distribute_strategy
    if strategy.num_replicas_in_sync == 1:
        return iter(stream(start, None))
    return iter(strategy.distribute_datasets_from_function(lambda context: stream(start, context)))


def _logs(model: keras.Model) -> dict[str, float]:
    """Means over the steps of the epoch so far, of all replicas."""
    return {name: float(value) for name, value in model.get_metrics_result().items()}


def _sums(model: keras.Model) -> dict[str, tuple[float, float]]:
    """What these means are quotients of, by the replica: there may be more or fewer later."""
    replicas = model.distribute_strategy.num_replicas_in_sync
    return {
        each.name: (float(each.total.numpy()) / replicas, float(each.count.numpy()) / replicas)
        for each in model.metrics
    }


def _take_up_sums(model: keras.Model, progress: Progress) -> None:
    """Makes the model's metrics those of the part of an epoch that was trained before."""
    model.reset_metrics()
    if progress.batch:
        replicas = model.distribute_strategy.num_replicas_in_sync
        for metric in model.metrics:
            total, count = progress.sums[metric.name]
            metric.total.assign(total * replicas)
            metric.count.assign(count * replicas)
