"""The TFDS builder of a prepared catalogue, whatever its source."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import tensorflow_datasets as tfds
from tensorflow_datasets.core.dataset_builder import FileReaderBuilder
from tensorflow_datasets.core.split_builder import SplitBuilder
from tqdm import tqdm

from keras_fashion.catalogue.examples import Example, InteractionExamples, ItemExamples
from keras_fashion.catalogue.indexed_records import IndexedRecordsWriter, read_index
from keras_fashion.datasets.source import Source

ITEMS_PER_SHARD = 4096  # about 30 MB of pictures of 256 pixels
INTERACTIONS_PER_SHARD = 65_536


class CatalogueBuilder(FileReaderBuilder, skip_registration=True):
    """Writes the items and interactions of a source as a TFDS data set.

    The splits are `items` and `interactions`, in the order that they are given. Their shards are
    written one after another or, with a `beam_runner` in TFDS's `DownloadConfig`, by the workers
    of Apache Beam; the bytes are the same. `tfds.builder_from_directory` opens the result where
    this package is not installed.

    Args:
        source: Whose pictures and documentation.
        items: See `ItemExamples`; a row an item, index 0, 1, 2, ...
        interactions: Called when the items are written with the index of those that are (a picture
            may turn out to be unusable); gives what `InteractionExamples` takes.
        stop_at_bad: See `ItemExamples`.
        data_dir: Folder in which TFDS makes `<name>/<version>`.

    Attributes:
        written: The items' indexes, see `IndexedRecordsWriter`, one after another, with `shard`
            (n,) int32; once they are written.
        interactions_written: Those that were written.
    """

    VERSION = tfds.core.Version("2.0.0")

    def __init__(
        self,
        source: Source,
        items: pd.DataFrame,
        interactions: Callable[[np.ndarray], pd.DataFrame],
        stop_at_bad: bool,
        data_dir: str,
    ) -> None:
        self.name = source.name
        self.source = source
        self.items = items
        self.interactions = interactions
        self.stop_at_bad = stop_at_bad
        self.written: dict[str, np.ndarray]
        self.interactions_written: pd.DataFrame
        super().__init__(data_dir=data_dir, file_format="tfrecord")

    def _info(self) -> tfds.core.DatasetInfo:
        text = tfds.features.Text
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.source.description,
            homepage=self.source.homepage or None,
            citation=self.source.citation or None,
            license=self.source.licence or None,
            features=tfds.features.FeaturesDict(
                {
                    "item": text(doc="Id of the item."),
                    "category": text(doc="Of the item; empty in interactions."),
                    "attributes": tfds.features.FeaturesDict(
                        {name: text(doc="Empty: not known.") for name in self.source.attributes},
                        doc="Category columns beside the category.",
                    ),
                    # An interaction has none. TFDS knows no feature that may be missing.
                    "pictures": tfds.features.Sequence(
                        tfds.features.Image(shape=(None, None, 3)),
                        doc="One of each item, none in interactions.",
                    ),
                    "user": text(doc="Id of the user; empty in items."),
                    "time": text(doc="Of the interaction; empty: not known."),
                }
            ),
            disable_shuffling=True,
        )

    def _download_and_prepare(
        self,
        dl_manager: tfds.download.DownloadManager,
        download_config: tfds.download.DownloadConfig,
    ) -> None:
        attributes, read_picture = self.source.attributes, self.source.read_picture
        shards = [
            ItemExamples(rows, attributes, read_picture, self.stop_at_bad)
            for rows in _runs(self.items, ITEMS_PER_SHARD)
        ]
        items = self._write("items", shards, len(self.items), download_config)
        paths = items.filename_template.sharded_filepaths(len(shards))
        indexes = [read_index(path) for path in paths]
        self.written = {
            name: np.concatenate([index[name] for index in indexes]) for name in indexes[0]
        }
        sizes = [len(index["row"]) for index in indexes]
        self.written["shard"] = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        self.interactions_written = rows = self.interactions(self.written["row"])
        shards = [
            InteractionExamples(run, attributes) for run in _runs(rows, INTERACTIONS_PER_SHARD)
        ]
        interactions = self._write("interactions", shards, len(rows), download_config)
        self.info.set_splits(tfds.core.splits.SplitDict([items, interactions]))

    def _write(
        self,
        split: str,
        shards: Sequence[Callable[[], Any]],
        count: int,
        config: tfds.download.DownloadConfig,
    ) -> tfds.core.SplitInfo:
        # A builder of splits each: given two splits, it would write the first one twice on Beam.
        split_builder = SplitBuilder(
            split_dict=self.info.splits,
            features=self.info.features,
            dataset_size=self.info.dataset_size,
            beam_options=config.beam_options,
            beam_runner=config.beam_runner,
            example_writer=IndexedRecordsWriter(self.info.file_format),
            ignore_duplicates=None,
            max_examples_per_split=None,
            shard_config=None,
        )
        with tqdm(total=count, desc=split, unit="row", disable=config.beam_runner is not None) as bar:
            if config.beam_runner is None:
                shards = [partial(_shown, shard, bar) for shard in shards]
            return split_builder.submit_shard_based_generation(
                split_name=split,
                example_gen_per_shard=shards,
                filename_template=self._get_filename_template(split_name=split),
            ).result()


def _runs(rows: pd.DataFrame, length: int) -> list[pd.DataFrame]:
    """The rows in runs of one length, at least one run."""
    return [rows.iloc[start : start + length] for start in range(0, max(len(rows), 1), length)]


def _shown(shard: Callable[[], Any], bar: tqdm) -> Any:
    example: Example
    for example in shard():
        yield example
        bar.update()
