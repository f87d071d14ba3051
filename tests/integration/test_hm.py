"""Opt-in: real data. KERAS_FASHION_HM names a folder with a sample of H&M's transactions.

It holds interactions.csv, items.csv, images_128x192.tar and splits/hm_seed0.csv.
"""

import os
from pathlib import Path

import pytest

FOLDER = os.environ.get("KERAS_FASHION_HM")
pytestmark = pytest.mark.skipif(not FOLDER, reason="KERAS_FASHION_HM is not set")


def test_counts_and_poprank_are_those_of_other_tools(tmp_path):
    from keras_fashion.data.catalogue import Catalogue
    from keras_fashion.data.preparation import prepare
    from keras_fashion.data.sources.shop.shop_files import ShopFiles
    from keras_fashion.data.split import read_split
    from keras_fashion.evaluation.comparison import baselines
    from keras_fashion.evaluation.ranking import rank_held_out

    hm = Path(FOLDER)
    pictures = hm / "images_128x192.tar"
    source = ShopFiles(hm / "interactions.csv", hm / "items.csv", pictures)
    prepare(source, tmp_path / "hm")
    assert source.columns == (
        "customer_id",
        "article_id",
        "t_dat",
        "article_id",
        "product_group_name",
    )
    catalogue = Catalogue.load(tmp_path / "hm")
    assert len(catalogue.item_ids) == 17_033
    assert len(catalogue.user_ids) == 1_364
    assert len(catalogue.interactions) == 27_443
    assert all(item.startswith("0") and len(item) == 10 for item in catalogue.item_ids[:100])

    split = read_split(hm / "splits" / "hm_seed0.csv", catalogue)
    assert [len(each) for each in (split.train, split.validation, split.test)] == [24_579, 887, 887]

    means = rank_held_out(baselines(split)["poprank"], split).means()
    assert means["auc_new"] == pytest.approx(0.035, abs=0.003)
    assert means["auc_warm"] == pytest.approx(0.991, abs=0.002)
    assert means["auc_matched"] == pytest.approx(0.513, abs=0.005)
