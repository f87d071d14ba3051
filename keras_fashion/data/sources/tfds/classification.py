"""Image classification data sets of TensorFlow Datasets, as items without users."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from tqdm import tqdm

from keras_fashion.data.sources.source import Skip, Source
from keras_fashion.data.sources.tfds.builder import open_builder, prepare_builder
from keras_fashion.data.sources.tfds.record_slices import FORMATS, RecordFormat, RecordSlice
from keras_fashion.errors import InputError


class TFDSClassification(Source):
    """The pictures of a TFDS data set with one label each, from which a GAN can learn.

    TFDS downloads and prepares the data set if that has not been done. The pictures are then used
    as they are encoded in its files: one pass over the records locates each picture, which is read
    from there when it is asked for. An item is named after its split and its number in it
    (`train-00017`). Its category is the name of the label.

    Args:
        dataset: Name or folder of the data set; see `open_builder`.
        data_dir: Folder of the data of TFDS; by default that of TFDS itself.
        manual_dir: Folder of files that were fetched by hand and need not be downloaded; see
            `prepare_builder`.
        splits: Names of the splits to take; by default all.

    Raises:
        InputError: If TFDS has no such data set, or it does not have one picture and one label.

    Example:
        >>> source = TFDSClassification("fashion_mnist", splits=["train"])
        >>> source.homepage  # nothing is downloaded before the items are listed
        'https://github.com/zalandoresearch/fashion-mnist'
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
        info = self._info = cast(Any, self._builder.info)
        self._image, self._label = _picture_and_label(info)
        self.description = f"{info.full_name} of TensorFlow Datasets: {info.description}"
        self.homepage = info.homepage or ""
        self.citation = info.citation or ""
        self.license = info.redistribution_info.license or ""

    def items(self, skip: Skip, scratch: Path) -> pd.DataFrame:
        """Prepares the data set and lists its examples, split by split; see `Source.items`."""
        prepare_builder(self._builder, self._manual_dir)
        record_format = self._format()
        info = self._info
        splits = list(dict.fromkeys(self._splits)) or list(info.splits)
        unknown = [split for split in splits if split not in info.splits]
        if unknown:
            raise InputError(
                f"{info.full_name} has no split {unknown[0]!r}; its splits are "
                f"{', '.join(info.splits)}. Name one of them with `splits`"
            )
        frames = [self._examples(info.splits[split], record_format) for split in splits]
        return pd.concat(frames, ignore_index=True)

    def interactions(self) -> pd.DataFrame:
        """Returns an empty table, because the data set has no users."""
        return pd.DataFrame({"user": [], "item": []}, dtype=str)

    @property
    def read_picture(self) -> Callable[[Any], bytes]:
        """Reads a picture from its place in a record."""
        return self._format().read_slice

    def _format(self) -> RecordFormat:
        value = self._info.file_format.value
        if value not in FORMATS:
            raise InputError(
                f"{self._builder.data_dir} is stored as {value}, which cannot be read here; "
                f"prepare it with TFDS as {' or '.join(FORMATS)}"
            )
        return FORMATS[value]

    def _examples(self, split: Any, record_format: RecordFormat) -> pd.DataFrame:
        from tensorflow.train import Example

        labels: list[int] = []
        pictures: list[RecordSlice] = []
        paths = split.filepaths if split.num_examples else []
        with tqdm(total=split.num_examples, desc=split.name, unit="picture") as progress:
            for path in paths:
                if not path.exists():
                    raise InputError(
                        f"{path} is missing. Delete its folder, and the data set will be made again"
                    )
                for position, record in record_format.list_records(path):
                    features = Example.FromString(record).features.feature
                    labels.append(features[self._label].int64_list.value[0])
                    encoded = features[self._image].bytes_list.value[0]
                    start = record.index(encoded)  # an equal sequence before it would do as well
                    pictures.append(RecordSlice(str(path), position, start, len(encoded)))
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
                "category": self._label_names(np.array(labels, np.int64)),
                "picture": pd.Series(pictures, dtype=object),
            }
        )

    def _label_names(self, labels: np.ndarray) -> np.ndarray:
        """Returns the names of labels, "" where there is none (-1 in TFDS)."""
        feature = self._info.features[self._label]
        names = np.array([*map(feature.int2str, range(feature.num_classes)), ""], dtype=object)
        return names[np.where((labels >= 0) & (labels < len(names)), labels, -1)]


def _picture_and_label(info: Any) -> tuple[str, str]:
    """Returns the names of the feature with the picture and of the feature with the label."""
    from tensorflow_datasets import features as kinds

    if not isinstance(info.features, kinds.FeaturesDict):
        raise InputError(f"{info.full_name} has no named features: choose a data set of pictures")
    # The order of the features in the file varies.
    features: dict[str, Any] = dict(sorted(info.features.items()))
    pictures = [
        name
        for name, feature in features.items()
        if isinstance(feature, kinds.Image) and not isinstance(feature, kinds.LabeledImage)
    ]
    labels = [name for name, feature in features.items() if isinstance(feature, kinds.ClassLabel)]
    match info.supervised_keys:
        case (str(picture), str(label)) if picture in pictures and label in labels:
            return _checked_picture(info, picture), label
    for found, kind in ((pictures, "picture (Image)"), (labels, "label (ClassLabel)")):
        if not found:
            names = [f"{name} ({type(feature).__name__})" for name, feature in features.items()]
            raise InputError(
                f"{info.full_name} has no {kind}; it has {', '.join(names)}. Choose a data set of "
                "pictures with one label each"
            )
        if len(found) > 1:
            raise InputError(
                f"{info.full_name} has more than one {kind} and does not say which is the "
                f"main one: {', '.join(found)}. Choose a data set of pictures with one label each"
            )
    return _checked_picture(info, pictures[0]), labels[0]


def _checked_picture(info: Any, name: str) -> str:
    if np.dtype(info.features[name].np_dtype).kind == "f":
        raise InputError(
            f"the pictures of {info.full_name} are measurements (float32), not photographs or "
            "drawings: choose another data set"
        )
    return name
