"""The commands of the README, one after the other, on a tiny shop; `design` is in test_design."""

import json
import re
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_fashion.app.run import Run
from keras_fashion.evaluation import generation as generation_study

AUCS = {"auc_all", "auc_matched", "auc_warm", "auc_cold", "auc_new", "auc_matched_cold", "auc_se"}
LISTS = {"recall@10", "ndcg@10", "mrr"}
CONTENTS = {"coverage@10", "diversity@10", "novelty@10", "popularity_lift@10"}


def is_picture(path, size=None):
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG" and image.mode == "RGB"
        if size is not None:
            assert image.size == size
        return np.asarray(image)


def test_prepare_counts_what_it_took_and_what_it_left_out(chain):
    assert "24 items in 3 categories, 9 users, 58 interactions" in chain.outputs["prepare"]
    assert "1 x item without a picture" in chain.outputs["prepare"]
    assert "skipped.csv" in chain.outputs["prepare"]
    listed = (chain.catalogue / "skipped.csv").read_text()
    assert "0999" in listed and "nothing" in listed
    assert chain.facts["categories"] == ["Bags", "Shoes", "Tops"]
    assert chain.facts["name"] == "catalogue"


def test_train_prints_the_run_folder_and_keeps_the_options(chain):
    assert chain.outputs["dvbpr"] == f"{chain.dvbpr}\n"
    assert chain.outputs["gan"] == f"{chain.gan}\n"
    config = json.loads((chain.dvbpr / "config.json").read_text())
    assert config["seed"] == 4
    assert config["options"]["epochs"] == 2
    assert config["options"]["embedding_size"] == 6
    assert Run(chain.dvbpr).model.encoder.picture_size == (16, 16)
    assert Run(chain.gan).model.picture_size == (16, 16)
    # Scored when the training ended, though not when it was due.
    history = pd.read_csv(chain.gan / "history.csv")
    assert history["category_frechet_distance"].notna().all() and history["diversity"].notna().all()


def test_evaluate(chain, call):
    result = call("evaluate", chain.dvbpr, "--json")
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 1
    printed = json.loads(result.stdout)
    assert set(printed) == {"run", "part", "models", "seconds"}
    assert list(printed["models"]) == ["random", "poprank", "dvbpr"]
    for row in printed["models"].values():
        assert set(row) == AUCS | LISTS | CONTENTS
        assert 0 <= row["auc_all"] <= 1
    assert printed["part"] == "test"
    assert "24 items" in result.stderr and "8 users" in result.stderr
    metrics = Run(chain.dvbpr).metrics
    assert metrics["test"] == printed["models"]["dvbpr"]
    assert metrics["training_seconds"] > 0

    result = call("evaluate", chain.dvbpr, "--part", "validation")
    table = [line.split() for line in result.stdout.splitlines()]
    assert table[0][:3] == ["AUC", "matched", "all"]
    assert table[4] == ["recall@10", "ndcg@10", "mrr"]
    assert table[8] == ["coverage@10", "diversity@10", "novelty@10", "popularity", "lift@10"]
    names = ["random", "poprank", "dvbpr"]
    assert [row[0] for row in table[1:4] + table[5:8] + table[9:]] == names * 3
    # The validation AUC of the kept epoch is the best of its history.
    history = (chain.dvbpr / "history.csv").read_text().splitlines()
    column = history[0].split(",").index("val_auc")
    best = max(float(row.split(",")[column]) for row in history[1:])
    assert table[3][0] == "dvbpr"
    assert float(table[3][2]) == pytest.approx(best, abs=1e-4)
    assert set(Run(chain.dvbpr).metrics) >= {"test", "validation"}


def test_recommend(chain, succeed, tmp_path):
    sheet = tmp_path / "sheets" / "sheet.png"
    arguments = ("recommend", chain.dvbpr, "--user", "0003", "-k", 5, "--sheet", sheet)
    printed = json.loads(succeed(*arguments, "--json"))
    assert set(printed) == {"user", "items"} and printed["user"] == "0003"
    assert len(printed["items"]) == 5

    run = Run(chain.dvbpr)
    user = run.catalogue.user_index("0003")
    scores = run.vectors.scores(np.array([user]))[0]
    scores[run.catalogue.items_of(user)] = -np.inf
    best = np.argsort(-scores)[:5]
    assert [row["item"] for row in printed["items"]] == run.catalogue.item_ids[best].tolist()
    np.testing.assert_allclose([row["score"] for row in printed["items"]], scores[best], rtol=1e-5)

    drawn = is_picture(sheet)
    # Five bought, five recommended, each 128 high and letterboxed to a square.
    assert drawn.shape[0] > 128 and drawn.shape[1] > 10 * 128

    lines = succeed("recommend", chain.dvbpr, "--user", "0003", "--category", "Shoes").splitlines()
    assert 1 <= len(lines) <= 8
    assert all(re.fullmatch(r"0\d+ +-?\d+\.\d{4}  Shoes", line) for line in lines)


def test_export(chain, succeed, tmp_path, unshared):
    out = tmp_path / "saved_models"
    (out / "recommender" / "1").mkdir(parents=True)
    assert succeed("export", chain.dvbpr, "--out", out) == f"{out / 'recommender' / '2'}\n"
    assert (out / "recommender" / "2" / "saved_model.pb").is_file()


def test_export_with_a_designer(chain, succeed, tmp_path, monkeypatch):
    """The export itself is tested in tests/integration/serving."""
    asked = []

    def export(recommender, gan, out):
        asked.append((recommender.path, gan and gan.path, out))
        return [out / "recommender" / "1", out / "designer" / "1"]

    monkeypatch.setattr("keras_fashion.app.exporting.export", export)
    out = tmp_path / "saved_models"
    printed = succeed("export", chain.dvbpr, chain.gan, "--out", out)
    assert printed == f"{out / 'recommender' / '1'}\n{out / 'designer' / '1'}\n"
    succeed("export", chain.dvbpr)
    assert asked == [(chain.dvbpr, chain.gan, out), (chain.dvbpr, None, Path("saved_models"))]


def test_report(chain, succeed, tmp_path, monkeypatch):
    few = partial(
        generation_study.generation_study, num_pairs=3, num_pairs_for_eta=2, etas=(0.0, 1.0)
    )
    monkeypatch.setattr(generation_study, "generation_study", few)
    monkeypatch.setattr(generation_study, "NUM_RESAMPLES", 19)
    out = tmp_path / "reports" / "report.html"
    assert succeed("report", chain.dvbpr, chain.gan, "--out", out) == f"{out}\n"
    html = out.read_text()
    texts = ("dvbpr", "poprank", "random", "retrieval", "random generated", "opposite SSIM")
    for text in (*texts, "recall@10", "Difference of matched AUC to dvbpr"):
        assert text in html
    assert html.count("data:image/") >= 7
    assert not re.search(r"(src|href)=\"https?:", html), "self-contained"
