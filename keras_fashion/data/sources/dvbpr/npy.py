"""The four `.npy` files of the DVBPR paper."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_fashion.data.sources.dvbpr.npy_contents import KEYS, NpyContents, parse_contents
from keras_fashion.data.sources.dvbpr.pickled_arrays import Span
from keras_fashion.data.sources.dvbpr.released_data import compare_counts, make_split
from keras_fashion.data.sources.dvbpr.safe_pickle import read_pickle
from keras_fashion.data.sources.source import Skip, Source
from keras_fashion.errors import InputError


class DVBPRNpy(Source):
    """Amazon Fashion, Women, Men or Tradesy as released with DVBPR (Kang et al., ICDM 2017).

    Such a file is a NumPy array of six objects: the training, validation and test interactions by
    user, the items, and the numbers of users and items. It is a pickle of 2 to 6 GB, written by
    Python 2. `read_pickle` runs nothing in it and leaves the pictures in the file until they are
    asked for. A file that Python 3 has read, as bytes or as Latin-1, and saved again is accepted.

    Ids are the numbers of users and items in the file, with leading zeros so that they sort alike.
    Thus row 17 of the user embeddings of another implementation belongs to user 17 of the
    catalogue.

    The catalogue has the interactions of all three parts. `write_extras` writes the part of each
    to `split.csv` beside it, which `keras_fashion.data.read_split` reads. `make_split` says in
    which cases the two cannot agree.

    Categories: Amazon Fashion has one of six for each item, as numbers without names, which become
    `category-0` to `category-5`. Women and Men have Amazon's paths, such as Clothing, Shoes &
    Jewelry > Men > Shoes > Boots > Snow. The category consists of the two levels below the
    department ("Shoes > Boots") of the first path through Men or Women, or else is the end of the
    first path. Which level the paper's 53 and 50 categories are is not known; the number found is
    printed when the file is read. Tradesy has no categories: all items are `NO_CATEGORY`.

    Args:
        path: The file.

    Raises:
        InputError: If the file does not exist or is not a NumPy array of six objects.

    Example:
        >>> import tempfile
        >>> train, validation, test = {0: [{"productid": 1}]}, {}, {0: [{"productid": 0}]}
        >>> items = {0: {"imgs": b"JPEG 0"}, 1: {"imgs": b"JPEG 1"}}
        >>> six = np.empty(6, object)
        >>> six[:] = train, validation, test, items, 1, 2
        >>> path = Path(tempfile.mkdtemp()) / "tiny.npy"
        >>> np.save(path, six)
        >>> source = DVBPRNpy(path)
        >>> source.interactions().to_numpy().tolist()
        [['0', '1'], ['0', '0']]
    """

    name = "dvbpr"
    description = (
        "Clothing with a picture each, and who reviewed or wanted it: one of the data sets of "
        "Visually-Aware Fashion Recommendation and Design With Generative Image Models, with its "
        "partition in training, validation and test."
    )
    homepage = "https://github.com/kang205/DVBPR"
    citation = """@inproceedings{kang2017visually,
  title={Visually-Aware Fashion Recommendation and Design With Generative Image Models},
  author={Kang, Wang-Cheng and Fang, Chen and Wang, Zhaowen and McAuley, Julian},
  booktitle={IEEE International Conference on Data Mining (ICDM)},
  pages={207--216},
  year={2017}
}"""
    license = "None is stated; pictures and reviews are Amazon's, Tradesy's and their users'."

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._pickle_offset = _find_pickle(self.path)

    def items(self, skip: Skip, scratch: Path) -> pd.DataFrame:
        """Lists the items in the order of the file; see `Source.items`."""
        return self._contents.items

    def interactions(self) -> pd.DataFrame:
        """Lists training, then validation, then test; see `Source.interactions`."""
        return self._contents.interactions.drop(columns="part")

    @property
    def read_picture(self) -> Callable[[Any], bytes]:
        """Reads a picture from its place in the file."""
        return SpanReader(str(self.path))

    def item_place(self, index: int) -> str:
        """Names the number of an item in the file."""
        return f"{self.path.name} item {int(self._contents.items.at[index, 'item'])}"

    def interaction_place(self, index: int) -> str:
        """Names the part of an interaction."""
        return f"{self.path.name} {self._contents.interactions.at[index, 'part']}"

    def write_extras(self, folder: Path) -> None:
        """Writes `split.csv`: the part of each interaction that the catalogue has kept."""
        kept = pd.read_parquet(folder / "interactions.parquet", columns=["user", "item"])
        rows, remarks = make_split(self._contents.interactions, kept)
        rows.to_csv(folder / "split.csv", index=False)
        counts = rows["part"].value_counts()
        held_out = f"{counts.get('valid', 0):,} validation and {counts.get('test', 0):,} test"
        lines = [f"split.csv: {counts.get('train', 0):,} training, {held_out} interactions"]
        print("\n  ".join([*lines, *remarks]), file=sys.stderr)

    @cached_property
    def _contents(self) -> NpyContents:
        value = read_pickle(self.path, self._pickle_offset, KEYS)
        try:
            contents = parse_contents(value, self.path.stat().st_size)
        except InputError as error:
            raise InputError(f"{self.path}: {error}") from error
        print(compare_counts(self.path.name, contents.counts), file=sys.stderr)
        return contents


@dataclass(frozen=True)
class SpanReader:
    """Reads the pictures of a file.

    Args:
        path: The file.

    Example:
        >>> SpanReader("data.npy")(b"a short picture, which has been read with the items")
        b'a short picture, which has been read with the items'
    """

    path: str

    def __call__(self, picture: Span | bytes | str) -> bytes:
        """Returns the bytes of a picture, given its place or its content.

        Raises:
            OSError: If the file cannot be read.
            ValueError: If the file has become shorter or is another one.
        """
        if isinstance(picture, Span):
            with open(self.path, "rb") as file:
                file.seek(picture.offset)
                data = file.read(picture.length)
            if len(data) != picture.length:
                raise ValueError(f"{self.path} has become shorter")
            picture = data.decode() if picture.is_text else data
        return picture.encode("latin1") if isinstance(picture, str) else picture


def _find_pickle(path: Path) -> int:
    """Returns the position of the pickle, which comes after NumPy's header."""
    try:
        with open(path, "rb") as file:
            version = np.lib.format.read_magic(file)
            read_header = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            shape, _, dtype = read_header(file)
            if shape != (6,) or dtype != np.dtype(object):
                raise ValueError(f"an array of {dtype} {shape}")
            return file.tell()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except Exception as error:  # a damaged header makes NumPy's parser raise nearly anything
        raise InputError(
            f"{path} is not one of DVBPR's files, which are NumPy arrays (.npy) of six objects: "
            f"{str(error)[:200]}"
        ) from error
