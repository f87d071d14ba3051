"""Any image classification data set of TensorFlow Datasets, as items without users."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from keras_fashion.data.sources.source import Skip, Source
from keras_fashion.data.sources.tfds.builder import open_builder, prepare_builder
from keras_fashion.data.sources.tfds.record_slices import FORMATS, RecordSlice
from keras_fashion.errors import InputError


class TFDSClassification(Source):
    """The pictures of a TFDS data set with one label each: what a GAN can learn from.

    TFDS downloads and prepares the data set where that has not been done. Pictures are then taken
    encoded as they lie in its files: one pass over the records notes where each is, and it is read
    from there when it is asked for. An item is named after its split and its place in it
    (`train-00017`), its category is the label's name.

    Args:
        dataset: See `open_builder`.
        data_dir: Where TFDS keeps its data; by default where it usually does.
        manual_dir: Files fetched by hand instead of downloaded, see `prepare_builder`.
        splits: Names of the splits to take; by default all.

    Raises:
        InputError: If TFDS has no such data set, or it has not one picture and one label.
    """

    name = "tfds_classification"
    description = "Pictures with one label each, from TensorFlow Datasets."

    def __init__(
        self,
        dataset: str,
        data_dir: Path | None = None,
        manual_dir: Path | None = None,
        splits: Sequence[str] = (),
    ) -> None:
        self._builder = open_builder(dataset, data_dir)
        self._manual_dir = manual_dir
        self._splits = splits
        info = self._builder.info
        self._image, self._label = _picture_and_label(info)
        self.description = f"{info.full_name} of TensorFlow Datasets: {info.description}"
        self.homepage = info.homepage or ""
        self.citation = info.citation or ""
        self.licence = info.redistribution_info.license or ""

    def items(self, skip: Skip, scratch: Path) -> pd.DataFrame:
        """Prepares the data set and lists its examples, split by split; see `Source`."""
        prepare_builder(self._builder, self._manual_dir)
        records_of, _ = self._format()
        info = self._builder.info
        splits = list(dict.fromkeys(self._splits)) or list(info.splits)
        unknown = [split for split in splits if split not in info.splits]
        if unknown:
            raise InputError(
                f"{info.full_name} has no split {unknown[0]!r}; its splits are "
                f"{', '.join(info.splits)}. Name one of them with --split"
            )
        frames = [self._examples(info.splits[split], records_of) for split in splits]
        return pd.concat(frames, ignore_index=True)

    def interactions(self) -> pd.DataFrame:
        """There are none."""
        return pd.DataFrame({"user": [], "item": []}, dtype=str)

    @property
    def read_picture(self) -> Callable[[Any], bytes]:
        """See `Source`."""
        return self._format()[1]

    def _format(self) -> tuple[Callable, Callable]:
        value = self._builder.info.file_format.value
        if value not in FORMATS:
            raise InputError(
                f"{self._builder.data_dir} is stored as {value}, which cannot be read here; "
                f"prepare it with TFDS as {' or '.join(FORMATS)}"
            )
        return FORMATS[value]

    def _examples(self, split: Any, records_of: Callable) -> pd.DataFrame:
        from tensorflow.train import Example

        labels, pictures = [], []
        paths = split.filepaths if split.num_examples else []
        with tqdm(total=split.num_examples, desc=split.name, unit="picture") as progress:
            for path in paths:
                if not path.exists():
                    raise InputError(
                        f"{path} is missing. Delete its folder, and the data set will be made again"
                    )
                for place, record in records_of(path):
                    features = Example.FromString(record).features.feature
                    labels.append(features[self._label].int64_list.value[0])
                    encoded = features[self._image].bytes_list.value[0]
                    # Were the same bytes there before, they would do as well.
                    start = record.index(encoded)
                    pictures.append(RecordSlice(str(path), place, start, len(encoded)))
                    progress.update()
        if len(labels) != split.num_examples:
            raise InputError(
                f"{self._builder.data_dir} is damaged: of {split.num_examples} examples in split "
                f"{split.name} it holds {len(labels)}. Delete it, and it will be made again"
            )
        digits = max(5, len(str(len(labels) - 1)))
        return pd.DataFrame(
            {
                "item": [f"{split.name}-{number:0{digits}}" for number in range(len(labels))],
                "category": self._names(np.array(labels, np.int64)),
                "picture": pd.Series(pictures, dtype=object),
            }
        )

    def _names(self, labels: np.ndarray) -> np.ndarray:
        """Names of labels; empty where there is none (TFDS says -1)."""
        feature = self._builder.info.features[self._label]
        names = np.array([*map(feature.int2str, range(feature.num_classes)), ""], dtype=object)
        return names[np.where((labels >= 0) & (labels < len(names)), labels, -1)]


def _picture_and_label(info: Any) -> tuple[str, str]:
    """Names of the feature that is the picture and of the one that is the label."""
    import tensorflow_datasets as tfds

    features = info.features
    if not isinstance(features, tfds.features.FeaturesDict):
        raise InputError(f"{info.full_name} has no named features: choose a data set of pictures")
    kinds = tfds.features
    features = dict(sorted(features.items()))  # TFDS reads them from a file in no certain order
    pictures = [
        name
        for name, feature in features.items()
        if isinstance(feature, kinds.Image) and not isinstance(feature, kinds.LabeledImage)
    ]
    labels = [name for name, feature in features.items() if isinstance(feature, kinds.ClassLabel)]
    match info.supervised_keys:
        case (str(picture), str(label)) if picture in pictures and label in labels:
            pictures, labels = [picture], [label]
    for found, kind in ((pictures, "picture (Image)"), (labels, "label (ClassLabel)")):
        if not found:
            has = ", ".join(
                f"{name} ({type(feature).__name__})" for name, feature in features.items()
            )
            raise InputError(
                f"{info.full_name} has no {kind}; it has {has}. Choose a data set of pictures with "
                "one label each"
            )
        if len(found) > 1:
            raise InputError(
                f"{info.full_name} has more than one {kind} and does not say which is the "
                f"main one: {', '.join(found)}. Choose a data set of pictures with one label each"
            )
    if np.dtype(features[pictures[0]].np_dtype).kind == "f":
        raise InputError(
            f"the pictures of {info.full_name} are measurements (float32), not pictures to look "
            "at: choose another data set"
        )
    return pictures[0], labels[0]
