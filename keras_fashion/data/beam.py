"""Preparation on Apache Beam, for catalogues that are too large for one machine."""

import io
import logging
import pickle
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from os import fspath
from typing import TYPE_CHECKING

import tensorflow as tf
import tensorflow_datasets as tfds
from etils import epath
from tensorflow_datasets.core.writer import ShardWriter

from keras_fashion.data.examples import Example
from keras_fashion.data.indexed_records import INDEX_SUFFIX
from keras_fashion.errors import InputError

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions


def beam_config(runner: str | None, options: Sequence[str]) -> tfds.download.DownloadConfig:
    """Returns the configuration with which TFDS runs on Beam.

    Args:
        runner: Name of a Beam runner; None to run without Beam.
        options: Options of the pipeline, each as "name=value" or the name of a flag.

    Returns:
        A configuration for `download_and_prepare`.

    Raises:
        InputError: If Beam is not installed, or has no such runner or option.

    Example:
        >>> beam_config(None, []).beam_runner is None
        True
    """
    if runner is None:
        if options:
            raise InputError("`beam_options` need a `beam_runner`, such as DirectRunner.")
        return tfds.download.DownloadConfig()
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    try:
        with _quiet():
            import apache_beam as beam
    except ImportError as error:
        raise InputError(
            "`beam_runner` needs Apache Beam: pip install 'keras-fashion[beam]'"
        ) from error
    parsed = _parsed(options)
    try:
        made = beam.runners.create_runner(runner)
    except (ValueError, ImportError, AttributeError, TypeError) as error:
        raise InputError(f"`beam_runner` {runner}: {error}") from error
    return tfds.download.DownloadConfig(beam_runner=made, beam_options=parsed)


def _parsed(options: Sequence[str]) -> "PipelineOptions":
    with _quiet():
        from apache_beam.options.pipeline_options import PipelineOptions

    # By default, workers log every channel that they open.
    flags = ["--default_sdk_harness_log_level=ERROR", *(f"--{option}" for option in options)]
    usage = io.StringIO()
    try:
        with redirect_stderr(usage), redirect_stdout(io.StringIO()):
            parsed = PipelineOptions(flags)
            known = parsed.get_all_options()
    except SystemExit as error:  # argparse exits on a value that an option does not take.
        reason = usage.getvalue().strip().rpartition("error: ")[2]
        raise InputError(f"`beam_options` {' '.join(options)}: {reason or 'not one'}") from error
    if unknown := parsed.get_all_options(retain_unknown_options=True).keys() - known.keys():
        raise InputError(f"`beam_options`: Beam knows no {', '.join(sorted(unknown))}.")
    return parsed


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences the warnings that Beam's import logs about Google's clients."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def write_on_beam(
    writer: ShardWriter,
    paths: Sequence[epath.Path],
    shards: Sequence[Callable[[], Iterator[Example]]],
    config: tfds.download.DownloadConfig,
) -> None:
    """Writes the shards of a split by the workers of a Beam runner.

    TFDS would create a stage of the pipeline for each shard, which Beam's DirectRunner runs one
    after another. Here the shards are the elements of one stage. The function that makes the
    examples of a shard is sent to the worker as a file beside the shard, because Beam encodes the
    elements of a pipeline repeatedly, which takes long for the rows of a million items.

    Args:
        writer: Writer of a shard.
        paths: Paths of the shards. The workers must have access to the files of this process.
        shards: Picklable function for each shard that yields its examples.
        config: Configuration of `beam_config`, with a runner.
    """
    import apache_beam as beam

    jobs = [path.with_name(f"{path.name}.job") for path in paths]
    for job, shard in zip(jobs, shards, strict=True):
        job.write_bytes(pickle.dumps(shard))
    with beam.Pipeline(config.beam_runner, config.beam_options) as pipeline:
        _ = (
            pipeline
            | beam.Create(list(zip(map(fspath, jobs), map(fspath, paths), strict=True)))
            | beam.Reshuffle()
            | beam.MapTuple(partial(_write_shard, writer))
        )
    for job in jobs:
        job.unlink()


def _write_shard(writer: ShardWriter, job: str, path: str) -> None:
    shard: Callable[[], Iterator[Example]] = pickle.loads(epath.Path(job).read_bytes())
    # A runner may run two attempts at a shard at once, so each attempt writes its own files.
    attempt = f"{path}.{uuid.uuid4().hex}"
    writer.write(shard(), epath.Path(attempt))
    if tf.io.gfile.exists(attempt + INDEX_SUFFIX):
        tf.io.gfile.rename(attempt + INDEX_SUFFIX, path + INDEX_SUFFIX, overwrite=True)
    tf.io.gfile.rename(attempt, path, overwrite=True)
