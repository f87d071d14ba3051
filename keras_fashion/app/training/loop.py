"""The training loop, which runs on any devices, writes checkpoints, and can be resumed.

Keras's `fit` is not used because it cannot start within an epoch, and because with Keras 3.15 it
fails in a `MultiWorkerMirroredStrategy`.
"""

import sys
import time
from collections.abc import Callable, Sequence
from copy import deepcopy

import keras
import tensorflow as tf
from tqdm.keras import TqdmCallback

from keras_fashion.app.run import Run
from keras_fashion.app.training.checkpoints import Checkpoints, Progress
from keras_fashion.app.training.model_saving import require_finite_weights
from keras_fashion.app.training.stop_signals import StopSignals
from keras_fashion.distribution.workers import Workers
from keras_fashion.errors import Terminated

BatchStream = Callable[[int, tf.distribute.InputContext | None], tf.data.Dataset]
"""Returns the endless dataset of batches from a number on.

Its arguments are the number of the first batch, and the input context of the replicas that the
batches are for, which is None for a single device.
"""


def fit(
    model: keras.Model,
    stream: BatchStream,
    run: Run,
    epochs: int,
    steps: int,
    callbacks: Sequence[keras.callbacks.Callback],
    checkpoints: Checkpoints,
) -> bool:
    """Trains a compiled model into its run folder, from the present position on.

    As in Keras's `fit`, a step is the model's `train_step` in the strategy that the model was made
    in, and callbacks are Keras's.

    The chief worker writes `history.csv`, `logs/` for TensorBoard and the checkpoints, and shows
    the progress with the remaining time on stderr. After Ctrl-C, or after SIGTERM on any worker,
    the present step is completed and a checkpoint is written. On a single worker, the work at the
    end of an epoch, such as validation, is interrupted and repeated when the training is resumed;
    on several workers it is completed.

    Args:
        model: Compiled model, made in the scope of its strategy.
        stream: The batches. Batch k is the batch of step k, counted from the first epoch on.
        run: Run folder.
        epochs: Maximal number of epochs.
        steps: Number of steps of an epoch.
        callbacks: Callbacks, in the order in which they see the logs of an epoch. Each worker calls
            those that it is given, and `stop_training` must be set on all workers in the same
            epoch.
        checkpoints: Checkpoints of the model, with the progress of the training, which is updated.

    Returns:
        Whether the training was interrupted by Ctrl-C.

    Raises:
        TrainingFailed: If a weight is not finite. No checkpoint contains such weights.
        InputError: If a checkpoint cannot be written.
        Terminated: After SIGTERM.
    """
    workers, progress = Workers(model.distribute_strategy), checkpoints.progress
    if workers.is_chief:
        callbacks = [
            *callbacks,
            keras.callbacks.CSVLogger(run.path / "history.csv", append=True),
            keras.callbacks.TensorBoard(run.path / "logs", write_graph=False),
            TqdmCallback(verbose=0, desc=run.path.name, file=sys.stderr),
        ]
    callback_list = keras.callbacks.CallbackList(callbacks, model=model, epochs=epochs, steps=steps)
    train_step = _compile_step(model)
    batches = _make_iterator(model, stream, progress.epoch * steps + progress.batch)
    started = time.monotonic() - progress.seconds
    stopped = False

    def save_checkpoint() -> None:
        """All workers must call it, because reading the metrics is collective."""
        require_finite_weights(model)
        progress.sums = _read_sums(model)
        progress.seconds = time.monotonic() - started
        if workers.is_chief:
            checkpoints.save()
        else:
            checkpoints.start_clock()

    model.stop_training = False
    checkpoints.start_clock()
    with StopSignals() as signals:
        callback_list.on_train_begin()
        while progress.epoch < epochs and not model.stop_training and not stopped:
            _restore_sums(model, progress)
            callback_list.on_epoch_begin(progress.epoch)
            while progress.batch < steps and not stopped:
                callback_list.on_train_batch_begin(progress.batch)
                logs = train_step(batches)
                progress.batch += 1
                callback_list.on_train_batch_end(progress.batch - 1, logs)
                is_due, stopped = workers.any([checkpoints.is_due(), signals.received is not None])
                if stopped or is_due:
                    save_checkpoint()
            if not stopped:
                # The callbacks may save a model, which cannot be resumed without a checkpoint. The
                # chief decides, because other workers may see its folder late.
                (is_first,) = workers.any([workers.is_chief and checkpoints.is_empty])
                if is_first:
                    save_checkpoint()
                callback_state = deepcopy(progress.callback_state)
                try:
                    with signals.interruptible(workers.count == 1):
                        callback_list.on_epoch_end(progress.epoch, _read_logs(model))
                except KeyboardInterrupt:
                    if workers.count > 1:
                        raise  # It is the second Ctrl-C, and the other workers are elsewhere.
                    stopped = True
                    progress.reset_callback_state(callback_state)
                    save_checkpoint()
                else:
                    progress.epoch, progress.batch = progress.epoch + 1, 0
        if not stopped:
            save_checkpoint()
        callback_list.on_train_end()
        (is_terminated,) = workers.any([signals.is_sigterm])
    hint = f"{run.path} keeps every step so far. Run the same command again to continue."
    if is_terminated:
        raise Terminated(f"stopped by SIGTERM; {hint}")
    if stopped:
        print(f"interrupted; {hint}", file=sys.stderr)
    return stopped


def _compile_step(model: keras.Model) -> Callable[[tf.data.Iterator], dict[str, tf.Tensor]]:
    """Returns a function that trains on the next batch, on all replicas, and returns the logs.

    AutoGraph is off, because no `train_step` has Python control flow that depends on a tensor, and
    converting its source and that of all functions it calls takes a third of the time of a GAN's
    first step.
    """
    strategy = model.distribute_strategy

    @tf.function(reduce_retracing=True, jit_compile=model.jit_compile, autograph=False)
    def train_on_batch(batch: object) -> dict[str, tf.Tensor]:
        logs = strategy.run(model.train_step, args=(batch,))
        return {name: strategy.experimental_local_results(value)[0] for name, value in logs.items()}

    return tf.function(
        lambda batches: train_on_batch(batches.get_next()), reduce_retracing=True, autograph=False
    )


def _make_iterator(model: keras.Model, stream: BatchStream, start: int) -> tf.data.Iterator:
    strategy = model.distribute_strategy
    if strategy.num_replicas_in_sync == 1:
        return iter(stream(start, None))
    return iter(strategy.distribute_datasets_from_function(lambda context: stream(start, context)))


def _read_logs(model: keras.Model) -> dict[str, float]:
    """Returns the means of the metrics over the steps of this epoch and over all replicas."""
    return {name: float(value) for name, value in model.get_metrics_result().items()}


def _read_sums(model: keras.Model) -> dict[str, tuple[float, float]]:
    """Returns total and count of each metric per replica; their number may change on resuming."""
    replicas = model.distribute_strategy.num_replicas_in_sync
    return {
        each.name: (float(each.total.numpy()) / replicas, float(each.count.numpy()) / replicas)
        for each in model.metrics
    }


def _restore_sums(model: keras.Model, progress: Progress) -> None:
    """Sets the metrics to their state after the completed steps of this epoch."""
    model.reset_metrics()
    if progress.batch:
        replicas = model.distribute_strategy.num_replicas_in_sync
        for metric in model.metrics:
            total, count = progress.sums[metric.name]
            metric.total.assign(total * replicas)
            metric.count.assign(count * replicas)
