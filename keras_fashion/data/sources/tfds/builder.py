"""Opens and prepares TFDS data sets, with errors that say what to do."""

import contextlib
import difflib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from etils import epath

from keras_fashion.errors import InputError

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

DOWNLOAD_RETRIES = 4


def open_builder(name: str, data_dir: Path | None) -> "tfds.core.DatasetBuilder":
    """Opens a data set, which need not be prepared.

    Args:
        name: Name of the data set in TFDS (`fashion_mnist`, `emnist/letters`, `cifar10:3.0.2`), or
            folder of a prepared data set, whose code is not needed.
        data_dir: Folder of the data of TFDS; by default that of TFDS itself.

    Raises:
        InputError: If there is no such data set, configuration or version.

    Example:
        >>> open_builder("fashion_mnist", None).info.full_name
        'fashion_mnist/3.0.1'
    """
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.registered import DatasetNotFoundError

    try:
        if (epath.Path(name) / "dataset_info.json").exists():
            return tfds.builder_from_directory(name)
        return tfds.builder(name, data_dir=data_dir)
    except Exception as error:  # the code of a data set may raise anything
        is_unknown = isinstance(error, DatasetNotFoundError)
        if not is_unknown and not epath.Path(name).is_dir():
            raise InputError(f"TFDS cannot open {name}: {_summary(error)}") from error
        known = tfds.list_builders()
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
        guess = f"; did you mean {', '.join(near)}?" if near else ""
        raise InputError(
            f"{name} is neither one of the {len(known)} data sets of TFDS nor the folder of a "
            f"prepared one (with a dataset_info.json){guess}"
        ) from error


def prepare_builder(builder: "tfds.core.DatasetBuilder", manual_dir: Path | None) -> None:
    """Downloads and prepares a data set into its folder, unless it is prepared already.

    Files in `manual_dir` with the names of the data set's downloads are used instead of
    downloading, as in TFDS. But where TFDS insists on its own checksums, only a warning is printed
    here for a file that somebody has fetched by hand. The files of Debian's
    `dataset-fashion-mnist`, for example, are those of Fashion-MNIST compressed anew, without the
    file name in the header: none of them has TFDS's checksum, though their content is the same.

    Args:
        builder: The data set.
        manual_dir: Folder of files that were fetched by hand.

    Raises:
        InputError: If files are missing and cannot be downloaded, or TFDS cannot prepare the data
            set.
    """
    import requests
    import tensorflow_datasets as tfds

    name = builder.info.full_name
    if manual_dir is not None and not manual_dir.is_dir():
        raise InputError(f"{manual_dir} is not a folder: check `manual_dir`")
    if builder.is_prepared():
        return
    config = tfds.download.DownloadConfig(
        manual_dir=manual_dir, try_download_gcs=manual_dir is None
    )
    by_hand = (
        "fetch what it needs by hand into a folder, without renaming it, and name that folder with "
        f"`manual_dir`{_download_list(builder)}"
    )
    try:
        with (
            contextlib.redirect_stdout(sys.stderr),  # TFDS prints messages on stdout
            _checksums_of_manual_files(builder, manual_dir),
            _few_retries(),
        ):
            builder.download_and_prepare(download_config=config)
    except AssertionError as error:  # files that can only be fetched by hand are missing
        raise InputError(
            f"TFDS cannot prepare {name}: {_summary(error)} Name the folder with `manual_dir`"
        ) from error
    except requests.exceptions.ConnectionError as error:
        raise InputError(
            f"TFDS cannot prepare {name}, because it cannot reach {_requested_url(error)}: connect "
            f"to the network, or {by_hand}"
        ) from error
    except Exception as error:  # the code of a data set may raise anything
        raise InputError(
            f"TFDS cannot prepare {name}: {_summary(error)}. Try again later, or {by_hand}"
        ) from error


@contextlib.contextmanager
def _checksums_of_manual_files(
    builder: "tfds.core.DatasetBuilder", manual_dir: Path | None
) -> Iterator[None]:
    """Replaces the checksums that TFDS expects by those of the files in `manual_dir`."""
    from tensorflow_datasets.core.download.checksums import compute_url_info

    expected = (builder.url_infos if manual_dir else None) or {}
    original = dict(expected)
    try:
        for url, info in original.items():
            path = manual_dir / (info.filename or "") if manual_dir else None
            if path is not None and path.is_file():
                expected[url] = compute_url_info(path)
                if expected[url] != info:
                    print(
                        f"{path} is not byte for byte what TFDS expects from {url}; it is used, "
                        "because it was given by hand",
                        file=sys.stderr,
                    )
        yield
    finally:
        expected.update(original)


@contextlib.contextmanager
def _few_retries() -> Iterator[None]:
    """Makes TFDS give up within seconds if there is no network, which takes minutes otherwise."""
    from tensorflow_datasets.core.download import downloader

    max_retries = downloader.MAX_RETRIES
    downloader.MAX_RETRIES = DOWNLOAD_RETRIES
    try:
        yield
    finally:
        downloader.MAX_RETRIES = max_retries


def _download_list(builder: "tfds.core.DatasetBuilder") -> str:
    urls = [url for url, info in (builder.url_infos or {}).items() if info.filename]
    return f" ({_enumeration(urls)})" if urls else ""


def _enumeration(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _requested_url(error: Exception) -> str:
    url = getattr(getattr(error, "request", None), "url", None)
    return url or "the network"


def _summary(error: Exception) -> str:
    """Returns the message in one line of at most 500 characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 500 else text[:500] + "..."
