import gzip
import io
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import tensorflow_datasets as tfds
from PIL import Image
from tensorflow_datasets.image_classification import mnist

from keras_fashion.data import Catalogue, prepare
from keras_fashion.data.sources.tfds import builder as tfds_builder
from keras_fashion.data.sources.tfds.classification import TFDSClassification
from keras_fashion.errors import InputError

GARMENTS = ("Coat", "T-shirt/top", "été")
TRAIN, TEST = 30, 4


def picture(number):
    """The picture of one example as a shop might deliver it: gray or in color, PNG or JPEG."""
    rng = np.random.default_rng(number)
    shape = (9, 7) if number % 2 else (9, 7, 3)
    encoded = io.BytesIO()
    kind = "JPEG" if number % 3 else "PNG"
    Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(encoded, kind)
    return encoded.getvalue()


def made(features, examples, data_dir, file_format="tfrecord", supervised_keys=None, shards=1):
    """The folder of a TFDS data set of these features and splits, which may be none."""

    class Tiny(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        name = "tiny"
        VERSION = tfds.core.Version("1.2.3")

        def _info(self):
            return tfds.core.DatasetInfo(
                builder=self,
                features=tfds.features.FeaturesDict(features),
                supervised_keys=supervised_keys,
                description="Noise, sorted.",
                homepage="https://example.org/noise",
                citation="@misc{noise}",
                license="public domain",
            )

        def _split_generators(self, dl_manager):
            return {split: iter(enumerate(rows)) for split, rows in examples.items()}

        def _generate_examples(self):
            raise NotImplementedError

    builder = Tiny(data_dir=data_dir, file_format=file_format)
    if not examples:
        builder.data_path.mkdir(parents=True)
        builder.info.write_to_directory(builder.data_path)
    config = tfds.download.DownloadConfig(num_shards=shards, try_download_gcs=False)
    builder.download_and_prepare(download_config=config)
    return builder.data_path


def garments(data_dir, file_format):
    rows = [
        {"picture": picture(number), "thumbnail": picture(0), "kind": number % 3, "maker": 0}
        for number in range(TRAIN + TEST)
    ]
    rows[-1]["kind"] = -1  # as TFDS says of test sets whose labels are kept secret
    features = {
        "picture": tfds.features.Image(shape=(None, None, None)),
        "thumbnail": tfds.features.Image(),
        "kind": tfds.features.ClassLabel(names=GARMENTS),
        "maker": tfds.features.ClassLabel(names=["Nobody"]),
    }
    examples = {"train": rows[:TRAIN], "test": rows[TRAIN:]}
    return made(features, examples, data_dir, file_format, ("picture", "kind"), shards=3)


@pytest.fixture(scope="module", params=["tfrecord", "array_record"])
def folder(request, tmp_path_factory):
    return garments(tmp_path_factory.mktemp("tfds"), request.param)


def no_skip(reason, where, value):
    raise AssertionError(reason)


def listed(source, tmp_path):
    return source.items(no_skip, tmp_path)


def test_examples_are_items_named_after_their_split(folder, tmp_path):
    items = listed(TFDSClassification(str(folder)), tmp_path)
    train = [f"train-{number:05}" for number in range(TRAIN)]
    assert [*items["item"]] == train + [f"test-{number:05}" for number in range(TEST)]
    # TFDS shuffles what it writes: the order within a split is its own.
    expected = [GARMENTS[number % 3] for number in range(TRAIN + TEST - 1)] + [""]
    assert sorted(items["category"][:TRAIN]) == sorted(expected[:TRAIN])
    assert sorted(items["category"][TRAIN:]) == sorted(expected[TRAIN:])
    assert items.index.equals(pd.RangeIndex(TRAIN + TEST))


def test_pictures_are_the_delivered_bytes_whoever_reads_them(folder, tmp_path):
    source = TFDSClassification(str(folder))
    items = listed(source, tmp_path)
    read = pickle.loads(pickle.dumps(source.read_picture))
    references = pickle.loads(pickle.dumps([*items["picture"]]))
    with ThreadPoolExecutor(8) as pool:
        pictures = [*pool.map(read, references * 5)]
    kinds = {picture(number): GARMENTS[number % 3] for number in range(TRAIN + TEST)}
    kinds[picture(TRAIN + TEST - 1)] = ""
    assert pictures[: TRAIN + TEST] * 5 == pictures
    assert set(pictures) == set(kinds)
    assert [kinds[data] for data in pictures[: TRAIN + TEST]] == [*items["category"]]


def test_order_is_that_of_tfds(tmp_path):
    folder = garments(tmp_path, "tfrecord")
    source = TFDSClassification(str(folder))
    items = listed(source, tmp_path)
    decoders = {"picture": tfds.decode.SkipDecoding()}
    examples = tfds.builder_from_directory(folder).as_dataset("train", decoders=decoders)
    expected = [example["picture"] for example in examples.as_numpy_iterator()]
    assert [source.read_picture(reference) for reference in items["picture"][:TRAIN]] == expected


def test_documentation_is_that_of_the_data_set(folder):
    source = TFDSClassification(str(folder))
    assert "tiny/1.2.3" in source.description and "Noise, sorted." in source.description
    assert source.homepage == "https://example.org/noise"
    assert source.citation == "@misc{noise}"
    assert source.license == "public domain"
    assert source.attributes == () and source.interactions().empty


def test_a_name_is_looked_for_in_the_data_dir_and_splits_are_chosen(tmp_path):
    garments(tmp_path, "array_record")
    source = TFDSClassification("tiny", data_dir=tmp_path, splits=["test", "test"])
    assert [*listed(source, tmp_path)["item"]] == [f"test-{number:05}" for number in range(TEST)]
    with pytest.raises(InputError, match="no split 'trian'; its splits are train, test"):
        listed(TFDSClassification("tiny:1.*.*", tmp_path, splits=["trian"]), tmp_path)


def test_prepared_it_is_a_catalogue_without_users(folder, tmp_path):
    facts = prepare(TFDSClassification(str(folder)), tmp_path / "garments")
    assert facts["skipped"] == {"item without a category": 1}
    catalogue = Catalogue.load(tmp_path / "garments")
    assert catalogue.categories == sorted(GARMENTS)
    assert len(catalogue.item_ids) == TRAIN + TEST - 1
    assert catalogue.interactions.shape == (0, 2) and len(catalogue.user_ids) == 0
    assert catalogue.pictures_of([0, 1], (8, 8)).shape == (2, 8, 8, 3)


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(header + array.tobytes())


@pytest.fixture
def fetched_by_hand(tmp_path, monkeypatch):
    """Fashion-MNIST of 8 pictures, compressed otherwise than TFDS expects."""
    monkeypatch.setattr(mnist, "_TRAIN_EXAMPLES", 5)
    monkeypatch.setattr(mnist, "_TEST_EXAMPLES", 3)
    rng = np.random.default_rng(0)
    (tmp_path / "manual").mkdir()
    pictures, labels = {}, {}
    for split, file, count in (("train", "train", 5), ("test", "t10k", 3)):
        pictures[split] = rng.integers(0, 256, (count, 28, 28), np.uint8)
        labels[split] = rng.integers(0, 10, count, np.uint8)
        for kind, array in (("images-idx3", pictures[split]), ("labels-idx1", labels[split])):
            (tmp_path / "manual" / f"{file}-{kind}-ubyte.gz").write_bytes(idx(array))
    return tmp_path / "manual", pictures, labels


def test_files_fetched_by_hand_are_enough(fetched_by_hand, tmp_path, capsys):
    manual, pictures, labels = fetched_by_hand
    expected = dict(mnist.FashionMNIST.url_infos)
    source = TFDSClassification("fashion_mnist", tmp_path / "data", manual)
    items = listed(source, tmp_path)
    names = source._builder.info.features["label"].names
    found = {
        (category, np.asarray(Image.open(io.BytesIO(source.read_picture(place)))).tobytes())
        for category, place in zip(items["category"], items["picture"], strict=True)
    }
    assert found == {
        (names[label], array.tobytes())
        for split in ("train", "test")
        for label, array in zip(labels[split], pictures[split], strict=True)
    }
    out, err = capsys.readouterr()
    assert out == "" and "train-images-idx3-ubyte.gz is not byte for byte what TFDS" in err
    assert mnist.FashionMNIST.url_infos == expected  # others are checked as ever
    # Once prepared it needs the files no more.
    again = TFDSClassification("fashion_mnist", tmp_path / "data")
    assert listed(again, tmp_path).equals(items)


def test_without_a_network_it_says_what_to_fetch(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds_builder, "DOWNLOAD_RETRIES", 0)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(InputError, match=r"cannot reach http.*`manual_dir`.*t10k-images-idx3"):
        listed(TFDSClassification("fashion_mnist", tmp_path), tmp_path)
    assert not (tmp_path / "fashion_mnist" / "3.0.1").exists()


def test_files_that_only_hands_can_fetch_are_asked_for(tmp_path):
    with pytest.raises(InputError, match=r"ILSVRC2012_img_train.tar.*`manual_dir`"):
        listed(TFDSClassification("imagenet2012", tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fashion_mnits", "did you mean fashion_mnist"),
        ("mnist:9.9.9", "only: 3.0.1"),
        ("Fashion MNIST", "Parsing builder name"),
        ("", "folder"),
    ],
)
def test_unknown_names_are_refused(name, message, tmp_path):
    with pytest.raises(InputError, match=message):
        TFDSClassification(name, tmp_path)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(InputError, match="dataset_info.json"):
        TFDSClassification(str(tmp_path))


IMAGE, LABEL = tfds.features.Image(), tfds.features.ClassLabel(num_classes=2)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"text": tfds.features.Text(), "label": LABEL}, r"no picture.*label \(Class.*text \(Text"),
        ({"image": IMAGE, "name": tfds.features.Text()}, r"no label.*image \(Image\), name \(Te"),
        ({"front": IMAGE, "back": IMAGE, "label": LABEL}, "more than one picture.*back, front"),
        ({"image": IMAGE, "color": LABEL, "kind": LABEL}, "more than one label.*color, kind"),
        (
            {"image": tfds.features.Image(shape=(4, 4, 1), dtype=np.float32), "label": LABEL},
            "float32",
        ),
        ({"video": tfds.features.Video(shape=(None, 4, 4, 3)), "label": LABEL}, "no picture"),
    ],
)
def test_data_sets_of_another_kind_are_refused(features, message, tmp_path):
    folder = made(features, {}, tmp_path)
    with pytest.raises(InputError, match=message):
        TFDSClassification(str(folder))


@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_damaged_and_missing_files_are_refused(file_format, tmp_path):
    folder = garments(tmp_path, file_format)
    shard = sorted(folder.glob("*train*"))[1]
    content = shard.read_bytes()
    for damaged in (content[:-9], content[: len(content) // 2], b"\xff" * 40, b""):
        shard.write_bytes(damaged)
        with pytest.raises(InputError, match="damaged"):
            listed(TFDSClassification(str(folder)), tmp_path)
    shard.unlink()
    with pytest.raises(InputError, match=f"{shard.name} is missing"):
        listed(TFDSClassification(str(folder)), tmp_path)
