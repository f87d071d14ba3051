import json
import re
import shutil
from functools import partial

import keras
import numpy as np
import pytest
from PIL import Image

from keras_fashion.evaluation import image_folders as evaluation
from keras_fashion.features import evaluation_classifier
from keras_fashion.features.evaluation_classifier import EvaluationClassifier
from keras_fashion.models.category_classifier import CategoryClassifier
from keras_fashion.models.inception import InceptionFeatures


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """real/ and generated/: 12 pictures of 16x12 in each of Bags and Tops."""
    folder = tmp_path_factory.mktemp("folders")
    rng = np.random.default_rng(0)
    for name in ("real", "generated"):
        for light, category in ((0, "Bags"), (100, "Tops")):
            (folder / name / category).mkdir(parents=True)
            for number in range(12):
                pixels = rng.integers(0, 150, (16, 12, 3)) + light
                path = folder / name / category / f"{number}.png"
                Image.fromarray(pixels.astype(np.uint8)).save(path)
    return folder


@pytest.fixture
def untrained_classifier(monkeypatch):
    """Replaces the training of the classifier."""

    def untrained(pictures, categories, seed):
        keras.utils.set_random_seed(seed)
        names = np.unique(categories)
        return EvaluationClassifier(CategoryClassifier(len(names), widths=(4,)), names, 0.5, 2)

    monkeypatch.setattr(evaluation, "train_evaluation_classifier", untrained)


@pytest.fixture
def tiny_inception(monkeypatch):
    """Replaces the network of 24 million weights by one of a few random filters."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((299, 299, 3))
    maps = keras.layers.Conv2D(6, 5, 8)(pixels)
    network = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(maps))
    loaded = []

    def load(weights, head=None):
        loaded.append(weights)
        return InceptionFeatures(*weights.split("/"), network, head)

    monkeypatch.setattr(evaluation, "inception_features", load)
    return loaded


def test_without_inception_the_names_say_so(folders, succeed, monkeypatch):
    small = partial(CategoryClassifier, widths=(8, 8), picture_size=(16, 16))
    monkeypatch.setattr(evaluation_classifier, "CategoryClassifier", small)
    arguments = ("score-images", folders / "real", folders / "generated", "--count", 20)
    found = json.loads(succeed(*arguments, "--json"))
    assert found["real"] == {"path": str(folders / "real"), "pictures": 20, "available": 24}
    assert found["generated"]["pictures"] == 20 and found["picture_size"] == [16, 12]
    assert found["features"]["comparable_with_published"] is False
    scores = found["scores"]
    assert scores["category_accuracy"] > 0.9 and scores["category_frechet_distance"] >= 0
    assert not {"frechet_distance", "inception_score"} & set(scores)

    asked = []
    monkeypatch.setattr(evaluation, "score_images", lambda *given: asked.append(given) or found)
    printed = succeed(*arguments, "--seed", 5)
    assert asked == [(folders / "real", folders / "generated", None, 20, None, 5)]
    assert "20 generated pictures against 20 real ones of 24, at 16x12" in printed
    assert "not comparable with published figures" in printed
    for name in scores:
        assert f"\n{name} " in printed


def table_of_categories(printed):
    """The lines of the table, in columns that two spaces or more separate."""
    lines = printed.split("\n\n")[-1].splitlines()
    return [re.split(r" {2,}", line.strip()) for line in lines]


def test_a_table_by_category(folders, succeed, untrained_classifier, tmp_path):
    real, generated = tmp_path / "real", tmp_path / "generated"
    shutil.copytree(folders / "real", real)
    shutil.copytree(folders / "generated", generated)
    (real / "Hats, all kinds").mkdir()
    for number in range(3):
        (real / "Bags" / f"{number}.png").rename(real / "Hats, all kinds" / f"{number}.png")
    (generated / "Bags" / "0.png").rename(generated / "Tops" / "wrong.png")
    found = json.loads(succeed("score-images", real, generated, "--json"))
    tops, bags, hats = found["categories"]
    assert (tops["category"], tops["real_pictures"], tops["generated_pictures"]) == ("Tops", 12, 13)
    assert tops["agreement_real"] == 1 and tops["agreement"] == pytest.approx(12 / 13)
    assert tops["agreement_ratio"] == pytest.approx(12 / 13)
    assert 0 <= tops["classifier_accuracy"] <= 1
    # A hat is as dark as the bags, of which there are more.
    assert hats["agreement_real"] == 0 and hats["real_pictures"] == 3
    assert hats["generated_pictures"] == 0
    for key in ("agreement", "agreement_ratio", "classifier_accuracy"):
        assert hats[key] is None
    scores = found["scores"]
    total = tops["agreement"] * 13 + bags["agreement"] * 11
    assert scores["category_agreement"] == pytest.approx(total / 24)
    weighted = (row["classifier_accuracy"] * row["generated_pictures"] for row in (tops, bags))
    assert scores["category_accuracy"] == pytest.approx(sum(weighted) / 24)

    header, *lines = table_of_categories(succeed("score-images", real, generated))
    assert header == [
        *("category", "real pictures", "generated pictures", "agreement real"),
        *("agreement generated", "ratio", "classifier accuracy"),
    ]
    accuracy = f"{tops['classifier_accuracy']:.3f}"
    assert lines[0] == ["Tops", "12", "13", "1.000", "0.923", "0.923", accuracy]
    assert lines[1][:3] == ["Bags", "9", "11"]
    assert lines[2] == ["Hats, all kinds", "3", "0", "0.000", "no generated picture"]

    (generated / "Bags").rename(generated / "Hats, all kinds")
    lines = table_of_categories(succeed("score-images", real, generated))
    assert lines[3][:3] == ["Hats, all kinds", "3", "11"] and lines[3][5] == "-"

    # None of the three hats is among the 6 real pictures that are drawn.
    arguments = ("score-images", real, generated, "--count", 6, "--seed", 3)
    found = json.loads(succeed(*arguments, "--json"))
    assert found["real"]["pictures"] == 6
    assert [row["real_pictures"] for row in found["categories"]] == [12, 9, 3]


def test_with_fid_and_a_flat_folder(
    folders, succeed, untrained_classifier, tiny_inception, tmp_path
):
    flat = tmp_path / "flat"
    shutil.copytree(folders / "generated" / "Bags", flat)
    found = json.loads(
        succeed(
            *("score-images", folders / "real", flat, "--inception", "fid/abc", "--json"),
            *("--picture-size", "24x24"),
        )
    )
    assert found["features"]["comparable_with_published"] is True and tiny_inception == ["fid/abc"]
    assert found["picture_size"] == [24, 24]
    assert "frechet_distance" in found["scores"] and "category_accuracy" not in found["scores"]
    assert found["categories"] == []
    same = succeed("score-images", flat, flat, "--inception", "fid/abc", "--json")
    scores = json.loads(same)["scores"]
    assert abs(scores["frechet_distance"]) < 1e-6 and scores["precision"] == 1
    assert not any(name.startswith("category_") for name in scores)


def test_a_catalogue_keeps_its_features(
    chain, succeed, untrained_classifier, tiny_inception, tmp_path
):
    catalogue = tmp_path / "catalogue"
    shutil.copytree(chain.catalogue, catalogue)
    generated = tmp_path / "generated"
    succeed("generate", chain.gan, "--out", generated, "--count", 12)
    arguments = ("score-images", catalogue, generated, "--inception", "imagenet/abc", "--json")
    first = json.loads(succeed(*arguments))
    (kept,) = catalogue.glob("inception_abc_16x16_*.npy")
    before = kept.stat().st_mtime_ns
    assert json.loads(succeed(*arguments)) == first
    assert kept.stat().st_mtime_ns == before
    assert first["real"]["pictures"] == 24 and "imagenet_frechet_distance" in first["scores"]


def change(generated, what):
    first, second = sorted(generated.rglob("*.png"))[:2]
    if what == "empty":
        shutil.rmtree(generated)
        generated.mkdir()
    elif what == "damaged":
        first.write_bytes(first.read_bytes()[:70])
    elif what == "few":
        shutil.rmtree(generated)
        (generated / "Tops").mkdir(parents=True)
        Image.new("RGB", (12, 16)).save(generated / "Tops" / "1.png")
    elif what == "category":
        (generated / "Tops").rename(generated / "Hats")
    elif what == "sizes":
        Image.new("RGB", (5, 5)).save(second)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("empty", "holds no pictures"),
        ("damaged", "Bags/0.png is damaged"),
        ("few", "1 generated pictures"),
        ("category", "category 'Hats'"),
        ("sizes", "--picture-size"),
    ],
)
def test_mistakes_are_one_sentence(folders, call, tmp_path, what, message):
    generated = tmp_path / "generated"
    shutil.copytree(folders / "generated", generated)
    change(generated, what)
    result = call("score-images", folders / "real", generated, "--json")
    assert result.exit_code == 1 and result.stdout == ""
    assert message in result.stderr and result.stderr.strip().count("\n") == 0


def test_one_category_needs_inception(folders, call, no_inception):
    result = call("score-images", folders / "real" / "Bags", folders / "generated" / "Bags")
    assert result.exit_code == 1 and "give --inception" in result.stderr
    result = call("score-images", folders, folders / "generated", "--inception", "missing.pt")
    assert result.exit_code == 1 and "missing.pt" in result.stderr


@pytest.mark.parametrize("arguments", [["--count", "1"], ["--picture-size", "axb"]])
def test_usage(folders, call, arguments):
    result = call("score-images", folders / "real", folders / "generated", *arguments)
    assert result.exit_code == 2
