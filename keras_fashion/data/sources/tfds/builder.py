"""TFDS data sets by name or folder, downloaded and prepared, with errors that say what to do."""

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
        name: As TFDS knows it (`fashion_mnist`, `emnist/letters`, `cifar10:3.0.2`), or a folder of
            a prepared data set, whose code is not needed.
        data_dir: Where TFDS keeps its data; by default where it usually does.

    Raises:
        InputError: If there is no such data set, configuration or version.
    """
    import tensorflow_datasets as tfds

    try:
        if (epath.Path(name) / "dataset_info.json").exists():
            return tfds.builder_from_directory(name)
        return tfds.builder(name, data_dir=data_dir)
    except Exception as error:  # whatever the code of a data set raises
        unknown = isinstance(error, tfds.core.registered.DatasetNotFoundError)
        if not unknown and not epath.Path(name).is_dir():
            raise InputError(f"TFDS cannot open {name}: {_brief(error)}") from error
        known = tfds.list_builders()
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
        guess = f"; did you mean {', '.join(near)}?" if near else ""
        raise InputError(
            f"{name} is neither one of the {len(known)} data sets of TFDS nor the folder of a "
            f"prepared one (with a dataset_info.json){guess}"
        ) from error


def prepare_builder(builder: "tfds.core.DatasetBuilder", manual_dir: Path | None) -> None:
    """Downloads and prepares a data set into its folder, unless that is done.

    Files in `manual_dir` that are named as the data set's downloads are taken instead of
    downloading, as TFDS does; but where TFDS insists on its own checksums, here a file that
    somebody fetched by hand is only remarked on. Debian's `dataset-fashion-mnist` has the files of
    Fashion-MNIST compressed anew, without the file name in the header: not one has TFDS's
    checksum, though their content is the original's.

    Args:
        builder: Of the data set.
        manual_dir: Folder of files that were fetched by hand.

    Raises:
        InputError: If files are missing and cannot be downloaded, or TFDS cannot prepare it.
    """
    import requests
    import tensorflow_datasets as tfds

    name = builder.info.full_name
    if manual_dir is not None and not manual_dir.is_dir():
        raise InputError(f"{manual_dir} is not a folder: check --manual-dir")
    if builder.is_prepared():
        return
    config = tfds.download.DownloadConfig(
        manual_dir=manual_dir, try_download_gcs=manual_dir is None
    )
    by_hand = (
        "fetch what it needs by hand into a folder, without renaming it, and name that folder with "
        f"--manual-dir{_downloads(builder)}"
    )
    try:
        # What TFDS prints on stdout is no result of ours.
        with (
            contextlib.redirect_stdout(sys.stderr),
            _taken_as_given(builder, manual_dir),
            _few_retries(),
        ):
            builder.download_and_prepare(download_config=config)
    except AssertionError as error:  # files that can only be fetched by hand are not there
        raise InputError(
            f"TFDS cannot prepare {name}: {_brief(error)} Name the folder with --manual-dir"
        ) from error
    except requests.exceptions.ConnectionError as error:
        raise InputError(
            f"TFDS cannot prepare {name}, because it cannot reach {_host(error)}: connect to the "
            f"network, or {by_hand}"
        ) from error
    except Exception as error:  # whatever the code of a data set raises
        raise InputError(
            f"TFDS cannot prepare {name}: {_brief(error)}. Try again later, or {by_hand}"
        ) from error


@contextlib.contextmanager
def _taken_as_given(builder: "tfds.core.DatasetBuilder", manual_dir: Path | None) -> Iterator[None]:
    """Puts the checksums of the files in `manual_dir` in the place of those that TFDS expects."""
    from tensorflow_datasets.core.download.checksums import compute_url_info

    expected = (builder.url_infos if manual_dir else None) or {}
    original = dict(expected)
    try:
        for url, info in original.items():
            path = manual_dir / (info.filename or "")
            if path.is_file():
                expected[url] = compute_url_info(path)
                if expected[url] != info:
                    print(
                        f"{path} is not byte for byte what TFDS expects from {url}; it is used, "
                        "because it was given with --manual-dir",
                        file=sys.stderr,
                    )
        yield
    finally:
        expected.update(original)


@contextlib.contextmanager
def _few_retries() -> Iterator[None]:
    """Lets TFDS give up in seconds where there is no network, which else takes minutes."""
    from tensorflow_datasets.core.download import downloader

    usual = downloader.MAX_RETRIES
    downloader.MAX_RETRIES = DOWNLOAD_RETRIES
    try:
        yield
    finally:
        downloader.MAX_RETRIES = usual


def _downloads(builder: "tfds.core.DatasetBuilder") -> str:
    urls = [url for url, info in (builder.url_infos or {}).items() if info.filename]
    return f" ({_listed(urls)})" if urls else ""


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _host(error: Exception) -> str:
    url = getattr(getattr(error, "request", None), "url", None)
    return url or "the network"


def _brief(error: Exception) -> str:
    """One line of what may be a page."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 500 else text[:500] + "..."
