"""The strategy for a choice of devices: the processor, GPUs, or several machines."""

import json
import os
import sys

import tensorflow as tf

from keras_fashion.errors import InputError, WorkerLost

JOBS = {"chief", "worker"}


def strategy_for(devices: str) -> tf.distribute.Strategy:
    """Creates the strategy that trains on the given devices, and reports them on stderr.

    Call it before anything else of TensorFlow, because it decides which devices are visible. A
    process can create one strategy.

    Args:
        devices: One of

            - `auto`: all GPUs of this machine, or its processor if it has none;
            - `cpu`: the processor;
            - a number: that many GPUs of this machine. On a machine without GPUs the processor
              serves as that many devices, which is no faster and is meant for trying out;
            - `multi-worker`: the machines in the environment variable `TF_CONFIG`, each with all
              its GPUs, of which all must have equally many. Waits until all machines have joined.

    Returns:
        The default strategy for one device, otherwise a `tf.distribute.MirroredStrategy` or a
        `tf.distribute.MultiWorkerMirroredStrategy`.

    Raises:
        InputError: If there are fewer devices, `TF_CONFIG` is missing or invalid, a port is in use,
            or TensorFlow has been initialized already.
        WorkerLost: If not all machines join before TensorFlow's timeout.

    Example:
        >>> strategy_for("gpu")
        Traceback (most recent call last):
        ...
        keras_fashion.errors.InputError: `devices` is 'gpu': give auto, cpu, multi-worker or ...
    """
    try:
        if devices == "multi-worker":
            return _multi_worker()
        gpus = tf.config.list_physical_devices("GPU")
        if devices == "cpu":
            tf.config.set_visible_devices([], "GPU")
            _report("the processor")
            return tf.distribute.get_strategy()
        count = len(gpus) if devices == "auto" else _number(devices)
        if gpus and count > len(gpus):
            raise InputError(f"`devices` is {count}, but this machine has {len(gpus)} GPU(s).")
        if gpus:
            tf.config.set_visible_devices(gpus[:count], "GPU")
        elif count > 1:
            (cpu,) = tf.config.list_physical_devices("CPU")
            logical = [tf.config.LogicalDeviceConfiguration()] * count
            tf.config.set_logical_device_configuration(cpu, logical)
    except RuntimeError as error:  # TensorFlow raises it if it has been initialized already.
        raise InputError(
            f"`devices` ({devices}) must be chosen before TensorFlow starts: {error}"
        ) from error
    processor = "the processor" if count <= 1 else f"the processor as {count} devices"
    _report(f"{count} GPU(s)" if gpus else f"{processor}: TensorFlow sees no GPU")
    if count <= 1:
        return tf.distribute.get_strategy()
    kind = "GPU" if gpus else "CPU"
    return tf.distribute.MirroredStrategy([f"{kind}:{number}" for number in range(count)])


def _number(devices: str) -> int:
    try:
        return int(devices)
    except ValueError as error:
        raise InputError(
            f"`devices` is {devices!r}: give auto, cpu, multi-worker or a number of devices."
        ) from error


def _multi_worker() -> tf.distribute.Strategy:
    cluster, own = _cluster()
    print(f"{own}: waiting for all of {', '.join(cluster)}", file=sys.stderr)
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        gpus = len(tf.config.list_logical_devices("GPU"))
        each = f"{gpus} GPU(s)" if gpus else "the processor: TensorFlow sees no GPU"
        _report(f"{len(cluster)} machines, here {each}")
        return strategy
    except (tf.errors.UnknownError, tf.errors.UnavailableError) as error:
        raise InputError(
            f"{own} of TF_CONFIG cannot be listened on: another process may have the port. "
            f"({error.message})"
        ) from error
    except tf.errors.DeadlineExceededError as error:
        raise WorkerLost(
            f"{own}: not all of {', '.join(cluster)} came in time; start every worker."
        ) from error


def _report(where: str) -> None:
    print(f"trains on {where}", file=sys.stderr)


def _cluster() -> tuple[list[str], str]:
    """Returns the addresses of all workers in `TF_CONFIG`, the chief's first, and this one's."""
    example = (
        'TF_CONFIG=\'{"cluster": {"worker": ["host-0:2222", "host-1:2222"]}, '
        '"task": {"type": "worker", "index": 0}}\''
    )
    text = os.environ.get("TF_CONFIG")
    if not text:
        raise InputError(
            f"`devices` is multi-worker, which reads TF_CONFIG, which is not set; set {example}"
        )
    try:
        config = json.loads(text)
        jobs = config["cluster"]
        task, index = config["task"]["type"], int(config["task"]["index"])
        if not jobs or not set(jobs) <= JOBS:
            raise ValueError(f"its jobs are {', '.join(jobs)}, where only worker and chief may be")
        addresses = [*jobs.get("chief", []), *jobs.get("worker", [])]
        if len(set(addresses)) < len(addresses):
            raise ValueError("it names an address twice")
        if not 0 <= index < len(jobs[task]):
            raise ValueError(f"there is no {task} {index}")
        return addresses, jobs[task][index]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(f"TF_CONFIG cannot be used ({what}); set {example}") from error
