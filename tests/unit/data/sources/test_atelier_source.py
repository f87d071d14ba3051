import pickle
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from skimage.io import imread
from sklearn.metrics import roc_auc_score

from keras_fashion.data import Catalogue, prepare
from keras_fashion.data.sources.atelier import Atelier, Oracle, measure, utility_recovery
from keras_fashion.data.sources.atelier.attributes import CATEGORIES, garment_lab
from keras_fashion.data.sources.atelier.shoppers import (
    COLOR_TOLERANCE,
    LENGTH_TOLERANCE,
    visible_preferences,
)
from keras_fashion.errors import InputError


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    path = tmp_path_factory.mktemp("atelier") / "tiny"
    prepare(Atelier(seed=3, users=30, items=120), path)
    return path


@pytest.fixture(scope="module")
def pictures(tiny):
    files = Catalogue.load(tiny).picture_files
    return [imread(BytesIO(files[item]), plugin="pil") for item in range(len(files))]


def test_the_catalogue_and_its_truth_count_alike(tiny, pictures):
    catalogue, oracle = Catalogue.load(tiny), Oracle.load(tiny)
    assert catalogue.skipped == {}
    assert catalogue.categories == list(CATEGORIES)
    np.testing.assert_array_equal(catalogue.item_categories, oracle.garments["category"])
    assert len(catalogue.user_ids) == len(oracle.shoppers) == 30
    names = [CATEGORIES[category] for category in catalogue.item_categories]
    lightness = [measure(p, name).lightness for p, name in zip(pictures, names, strict=True)]
    assert np.corrcoef(lightness, oracle.garments["lightness"])[0, 1] > 0.95
    bought = np.zeros((30, 120), bool)
    bought[catalogue.interactions[:, 0], catalogue.interactions[:, 1]] = True
    scores = oracle.scores(np.arange(30))
    own = [roc_auc_score(bought[u], scores[u]) for u in range(30)]
    next_ones = [roc_auc_score(bought[u], scores[(u + 1) % 30]) for u in range(30)]
    assert np.mean(own) > 0.8 > 0.7 > np.mean(next_ones)


def test_rows_look_like_a_shop(tiny):
    items = pd.read_parquet(tiny / "items.parquet")
    interactions = pd.read_parquet(tiny / "interactions.parquet")
    assert items["item"].str.fullmatch(r"(BAG|DRS|SHO|SKT|TOP|TRS)-\d{4}").all()
    assert (items.groupby("item")["category"].first() != "").all()
    assert interactions["user"].str.fullmatch(r"shopper-\d{4}").all()
    assert interactions.groupby("user").size().min() >= 8
    days = pd.to_datetime(interactions["time"], format="%Y-%m-%d")
    assert (days.dt.year == 2025).all() and days.nunique() > 100


def test_a_seed_decides_every_byte(tmp_path):
    for folder, seed in (("first", 3), ("same", 3), ("other", 4)):
        prepare(Atelier(seed=seed, users=6, items=24), tmp_path / folder, name="tiny")
    files = sorted(file.name for file in (tmp_path / "same").iterdir())
    assert {"truth.npz", "items.parquet", "atelier-items.tfrecord-00000-of-00001"} <= {*files}
    first = {file: (tmp_path / "first" / file).read_bytes() for file in files}
    for file in files:
        assert (tmp_path / "same" / file).read_bytes() == first[file], file
    for file in ("items.parquet", "interactions.parquet", "truth.npz"):
        assert (tmp_path / "other" / file).read_bytes() != first[file], file


def test_a_source_returns_the_same_each_time():
    source = Atelier(seed=3, users=30, items=120)
    pd.testing.assert_frame_equal(source.interactions(), source.interactions())
    first, second = (source.items(None, None) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    drawn = source.read_picture(first["picture"][5])
    assert drawn == pickle.loads(pickle.dumps(source.read_picture))(first["picture"][5])


def test_fewer_purchases_than_a_shopper_makes_are_refused():
    with pytest.raises(InputError, match="`purchases` is 7, but each shopper buys at least 8"):
        Atelier(purchases=7)


def test_size_is_that_of_the_pictures(tmp_path):
    prepare(Atelier(users=3, items=12, size=96), tmp_path / "large")
    picture = Catalogue.load(tmp_path / "large").picture_files[0]
    assert imread(BytesIO(picture), plugin="pil").shape == (96, 96, 3)


def test_a_taken_place_is_refused(tiny):
    with pytest.raises(InputError, match="tiny"):
        prepare(Atelier(users=3, items=12), tiny)


def test_other_catalogues_have_no_oracle(tmp_path):
    with pytest.raises(InputError, match="only an atelier"):
        Oracle.load(tmp_path)


def test_an_interrupted_preparation_leaves_nothing(tmp_path, monkeypatch):
    def fail(self, folder, seed):
        raise KeyboardInterrupt

    monkeypatch.setattr(Oracle, "save", fail)
    with pytest.raises(KeyboardInterrupt):
        prepare(Atelier(users=3, items=12), tmp_path / "half")
    assert list(tmp_path.iterdir()) == []


def test_recovery_orders_real_pictures_as_the_true_utility_does(tiny, pictures):
    oracle = Oracle.load(tiny)
    for category in ("Tops", "Dresses", "Trousers"):
        index = CATEGORIES.index(category)
        rows = np.flatnonzero(oracle.garments["category"] == index)
        measurements = [measure(pictures[row], category) for row in rows]
        for user in range(0, 30, 5):
            recovered = [utility_recovery(oracle, m, user, category) for m in measurements]
            garments = oracle.garments[rows]
            utility = visible_preferences(
                oracle.shoppers[user], garment_lab(garments), garments["length"], index
            )
            assert min(recovered) >= 0 and max(recovered) <= 1
            assert abs(np.mean(recovered) - 0.5) < 0.1
            assert spearmanr(recovered, utility).statistic > 0.9
            assert recovered[utility.argmax()] > 0.85
            assert recovered[utility.argmin()] < 0.15


def test_recovery_of_no_garment_is_zero(tiny):
    nothing = measure(np.full((64, 64, 3), 249, np.uint8), "Tops")
    assert utility_recovery(Oracle.load(tiny), nothing, 0, "Tops") == 0


def test_recovery_is_the_share_of_garments_less_liked(tiny):
    oracle = Oracle.load(tiny)
    shopper, tops = oracle.shoppers[2], CATEGORIES.index("Tops")
    lightness, a, b = shopper["color"]
    nothing = measure(np.full((64, 64, 3), 249, np.uint8), "Tops")
    ideal = nothing._replace(
        lightness=lightness,
        chroma=np.hypot(a, b),
        hue=np.degrees(np.arctan2(b, a)) % 360,
        length=shopper["length"][tops],
        coverage=0.3,
    )
    assert utility_recovery(oracle, ideal, 2, "Tops") == 1
    assert utility_recovery(oracle, ideal._replace(lightness=lightness + 300), 2, "Tops") == 0
    rivals = oracle.garments[oracle.garments["category"] == tops]
    distance = np.linalg.norm(garment_lab(rivals) - shopper["color"], axis=1)
    distance = np.hypot(
        distance / COLOR_TOLERANCE, (rivals["length"] - shopper["length"][tops]) / LENGTH_TOLERANCE
    )
    middle = rivals[np.argsort(distance)[len(rivals) // 2]]
    as_drawn = ideal._replace(
        **{n: float(middle[n]) for n in ("lightness", "chroma", "hue", "length")}
    )
    expected = np.mean(distance > np.median(distance))
    assert utility_recovery(oracle, as_drawn, 2, "Tops") == pytest.approx(
        expected, abs=1 / len(rivals)
    )
