"""The TFDS builder that writes a catalogue from any source."""

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

ITEMS_PER_SHARD = 4096  # About 30 MB if the pictures have sides of 256 pixels.
INTERACTIONS_PER_SHARD = 65_536


class CatalogueBuilder(
    FileReaderBuilder,
    skip_registration=True,  # type: ignore[call-arg] # TFDS has no types
):
    """Writes the items and interactions of a source as a TFDS data set.

    The splits are `items` and `interactions`, in the given order. Their shards are written one
    after another or, with a `beam_runner` in TFDS's `DownloadConfig`, by workers of Apache Beam,
    with the same bytes. `tfds.builder_from_directory` opens the data set also where this package is
    not installed.

    Args:
        source: Source of the pictures and of the documentation.
        items: Table of the items as `ItemExamples` takes it, with the index 0, 1, 2, ...
        interactions: Function that is called after the items have been written, with the index of
            those that were (a picture may turn out to be unusable). It returns a table as
            `InteractionExamples` takes it.
        stop_at_bad: Whether to raise `UnusableItem` for the first picture that cannot be used.
        data_dir: Folder in which TFDS creates `<name>/<version>`.

    Attributes:
        written: The indexes of all shards of items (see `IndexedRecordsWriter`) one after another,
            and `shard`, (n,) int32. It is set when the items have been written.
        interactions_written: Table of the interactions that have been written.

    Example:
        >>> import tempfile
        >>> from keras_fashion.data.sources.in_memory import InMemory
        >>> png = tfds.features.Image(shape=(2, 2, 3)).encode_example(np.zeros((2, 2, 3), np.uint8))
        >>> items = pd.DataFrame({"item": ["1"], "category": ["Tops"], "picture": [png]})
        >>> bought = pd.DataFrame({"user": ["ann"], "item": ["1"], "time": [""]})
        >>> builder = CatalogueBuilder(
        ...     InMemory(items, bought), items, lambda rows: bought, False, tempfile.mkdtemp()
        ... )
        >>> builder.download_and_prepare()
        >>> {name: split.num_examples for name, split in builder.info.splits.items()}
        {'items': 1, 'interactions': 1}
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
            license=self.source.license or None,
            features=tfds.features.FeaturesDict(
                {
                    "item": text(doc="Id of the item."),
                    "category": text(doc="Category of the item; empty in interactions."),
                    "attributes": tfds.features.FeaturesDict(
                        {name: text(doc="Empty if not known.") for name in self.source.attributes},
                        doc="Categorical columns other than the category.",
                    ),
                    # A sequence, because an interaction has no picture and TFDS has no features
                    # that may be missing.
                    "pictures": tfds.features.Sequence(
                        tfds.features.Image(shape=(None, None, 3)),
                        doc="One picture in items, none in interactions.",
                    ),
                    "user": text(doc="Id of the user; empty in items."),
                    "time": text(doc="Time of the interaction; empty if not known."),
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
        item_shards = [
            ItemExamples(chunk, attributes, read_picture, self.stop_at_bad)
            for chunk in _chunks(self.items, ITEMS_PER_SHARD)
        ]
        paths = self._write("items", item_shards, len(self.items), download_config)
        indexes = [read_index(path) for path in paths]
        self.written = {
            name: np.concatenate([index[name] for index in indexes]) for name in indexes[0]
        }
        lengths = [len(index["row"]) for index in indexes]
        self.written["shard"] = np.repeat(np.arange(len(paths), dtype=np.int32), lengths)
        items = self._split("items", paths, lengths)

        self.interactions_written = rows = self.interactions(self.written["row"])
        chunks = _chunks(rows, INTERACTIONS_PER_SHARD)
        shards = [InteractionExamples(chunk, attributes) for chunk in chunks]
        paths = self._write("interactions", shards, len(rows), download_config)
        interactions = self._split("interactions", paths, [len(chunk) for chunk in chunks])
        self.info.set_splits(tfds.core.splits.SplitDict([items, interactions]))

    def _log_download_bytes(self) -> None:
        """Does nothing; TFDS would print that it downloads."""

    def _log_download_done(self) -> None:
        """Does nothing; TFDS would name a folder that is about to be renamed."""

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
                    writer.write(_with_progress(shard(), bar), path)
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
    """Serializes features in a fixed order, because protobuf's order differs between processes."""

    def serialize_example(self, example: dict[str, Any]) -> bytes:
        return self.get_tf_example(example).SerializeToString(deterministic=True)


def _chunks(rows: pd.DataFrame, length: int) -> list[pd.DataFrame]:
    """Divides a table into tables of `length` rows, at least one.

    It uses `take`, because a slice of an Arrow column is pickled with the whole column.
    """
    starts = range(0, max(len(rows), 1), length)
    return [rows.take(range(start, min(start + length, len(rows)))) for start in starts]


def _with_progress(examples: Iterator[Example], bar: tqdm) -> Iterator[Example]:
    for example in examples:
        yield example
        bar.update()
