"""Apache Beam, for catalogues that one machine is too small to prepare."""

from collections.abc import Sequence

import tensorflow_datasets as tfds

from keras_fashion.errors import InputError


def beam_config(runner: str | None, options: Sequence[str]) -> tfds.download.DownloadConfig:
    """What TFDS takes to run on Beam.

    Args:
        runner: A runner's name; None for no Beam at all.
        options: Of the pipeline, each as "name=value" or the name of a switch.

    Raises:
        InputError: If Beam is not installed, or has no such runner or option.
    """
    if runner is None:
        if options:
            raise InputError("--beam-option needs --beam-runner, such as DirectRunner.")
        return tfds.download.DownloadConfig()
    try:
        import apache_beam as beam
        from apache_beam.options.pipeline_options import PipelineOptions
    except ImportError as error:
        raise InputError(
            "--beam-runner needs Apache Beam: pip install 'keras-fashion[beam]'"
        ) from error
    parsed = PipelineOptions([f"--{option}" for option in options])
    if unknown := parsed._unparsed_args if hasattr(parsed, "_unparsed_args") else []:
        raise InputError(f"--beam-option: Beam knows no {', '.join(unknown)}.")
    try:
        made = beam.runners.create_runner(runner)
    except ValueError as error:
        raise InputError(f"--beam-runner {runner}: {error}") from error
    return tfds.download.DownloadConfig(beam_runner=made, beam_options=parsed)
