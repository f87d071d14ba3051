"""What trains: this machine's processor, some of its accelerators, or several machines."""

import json
import os
import sys

import tensorflow as tf

from keras_fashion.errors import InputError, WorkerLost

JOBS = {"chief", "worker"}


def strategy_for(devices: str) -> tf.distribute.Strategy:
    """The strategy that trains on some devices.

    Call it before TensorFlow does anything else: it decides which devices there are. A process
    takes one strategy.

    Args:
        devices: One of

            - `auto`: all GPUs of this machine, or its processor where it has none;
            - `cpu`: the processor;
            - a number: so many GPUs of this machine; where it has none, its processor as so many
              devices, which is no quicker and for trying out;
            - `multi-worker`: the machines of the environment variable `TF_CONFIG`, each with all
              its GPUs, as many as the others have. Waits until all of them have come.

    Says on stderr what it has found.

    Raises:
        InputError: If there are not so many devices, `TF_CONFIG` is missing or wrong, a port is
            taken, or TensorFlow has started already.
        WorkerLost: If not all machines come in time, which is TensorFlow's.
    """
    try:
        if devices == "multi-worker":
            return _multi_worker()
        gpus = tf.config.list_physical_devices("GPU")
        if devices == "cpu":
            tf.config.set_visible_devices([], "GPU")
            _say("the processor")
            return tf.distribute.get_strategy()
        count = len(gpus) if devices == "auto" else int(devices)
        if gpus and count > len(gpus):
            raise InputError(f"--devices {count}: this machine has {len(gpus)} GPU(s).")
        if gpus:
            tf.config.set_visible_devices(gpus[:count], "GPU")
        elif count > 1:
            (cpu,) = tf.config.list_physical_devices("CPU")
            logical = [tf.config.LogicalDeviceConfiguration()] * count
            tf.config.set_logical_device_configuration(cpu, logical)
    except RuntimeError as error:  # TensorFlow's way to say that it has started
        raise InputError(f"--devices {devices} must be chosen before all else: {error}") from error
    processor = "the processor" if count <= 1 else f"the processor as {count} devices"
    _say(f"{count} GPU(s)" if gpus else f"{processor}: TensorFlow sees no GPU")
    if count <= 1:
        return tf.distribute.get_strategy()
    kind = "GPU" if gpus else "CPU"
    return tf.distribute.MirroredStrategy([f"{kind}:{number}" for number in range(count)])


def _multi_worker() -> tf.distribute.Strategy:
    cluster, own = _cluster()
    print(f"{own}: waiting for all of {', '.join(cluster)}", file=sys.stderr)
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        gpus = len(tf.config.list_logical_devices("GPU"))
        each = f"{gpus} GPU(s)" if gpus else "the processor: TensorFlow sees no GPU"
        _say(f"{len(cluster)} machines, here {each}")
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


def _say(where: str) -> None:
    print(f"trains on {where}", file=sys.stderr)


def _cluster() -> tuple[list[str], str]:
    """Addresses of all workers in `TF_CONFIG`, the chief's first, and that of this one."""
    example = (
        'TF_CONFIG=\'{"cluster": {"worker": ["host-0:2222", "host-1:2222"]}, '
        '"task": {"type": "worker", "index": 0}}\''
    )
    text = os.environ.get("TF_CONFIG")
    if not text:
        raise InputError(f"--devices multi-worker reads TF_CONFIG, which is not set; set {example}")
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
