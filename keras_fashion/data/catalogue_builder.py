"""The TFDS builder of a prepared catalogue, whatever its source."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import tensorflow_datasets as tfds
from etils import epath
from tensorflow_datasets.core.dataset_builder import FileReaderBuilder
from tensorflow_datasets.core.example_serializer import ExampleSerializer
from tensorflow_datasets.core.writer import ShardWriter
from tqdm import tqdm

from keras_fashion.data.beam import write_on_beam
from keras_fashion.data.examples import Example, InteractionExamples, ItemExamples
from keras_fashion.data.indexed_records import IndexedRecordsWriter, read_index
from keras_fashion.data.sources.source import Source

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
        paths = self._write("items", shards, len(self.items), download_config)
        indexes = [read_index(path) for path in paths]
        self.written = {
            name: np.concatenate([index[name] for index in indexes]) for name in indexes[0]
        }
        lengths = [len(index["row"]) for index in indexes]
        self.written["shard"] = np.repeat(np.arange(len(paths), dtype=np.int32), lengths)
        items = self._split("items", paths, lengths)

        self.interactions_written = rows = self.interactions(self.written["row"])
        runs = _runs(rows, INTERACTIONS_PER_SHARD)
        shards = [InteractionExamples(run, attributes) for run in runs]
        paths = self._write("interactions", shards, len(rows), download_config)
        interactions = self._split("interactions", paths, [len(run) for run in runs])
        self.info.set_splits(tfds.core.splits.SplitDict([items, interactions]))

    def _log_download_bytes(self) -> None:
        """TFDS would print that it downloads."""

    def _log_download_done(self) -> None:
        """TFDS would name the folder that is about to be renamed."""

    def _write(
        self,
        split: str,
        shards: Sequence[Callable[[], Iterator[Example]]],
        count: int,
        config: tfds.download.DownloadConfig,
    ) -> list[epath.Path]:
        features = self.info.features
        writer = ShardWriter(
            features,
            _OrderedSerializer(features.get_serialized_info()),
            IndexedRecordsWriter(self.info.file_format),
        )
        template = self._get_filename_template(split_name=split)
        paths = template.sharded_filepaths(len(shards))
        if config.beam_runner is None:
            with tqdm(total=count, desc=split, unit="row") as bar:
                for path, shard in zip(paths, shards, strict=True):
                    writer.write(_shown(shard(), bar), path)
        else:
            write_on_beam(writer, paths, shards, config)
        return paths

    def _split(
        self, split: str, paths: Sequence[epath.Path], lengths: Sequence[int]
    ) -> tfds.core.SplitInfo:
        return tfds.core.SplitInfo(
            name=split,
            shard_lengths=list(lengths),
            num_bytes=sum(path.stat().length for path in paths),
            filename_template=self._get_filename_template(split_name=split),
        )


class _OrderedSerializer(ExampleSerializer):
    """Writes an example's features in one order; protobuf's own differs from process to process."""

    def serialize_example(self, example: dict[str, Any]) -> bytes:
        return self.get_tf_example(example).SerializeToString(deterministic=True)


def _runs(rows: pd.DataFrame, length: int) -> list[pd.DataFrame]:
    """The rows in runs of one length, at least one run.

    Taken and not sliced: a slice of Arrow's text is sent to a worker with the whole column.
    """
    starts = range(0, max(len(rows), 1), length)
    return [rows.take(range(start, min(start + length, len(rows)))) for start in starts]


def _shown(examples: Iterator[Example], bar: tqdm) -> Iterator[Example]:
    for example in examples:
        yield example
        bar.update()
