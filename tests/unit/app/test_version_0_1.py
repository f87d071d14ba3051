"""Run folders, a stopped training and an export that version 0.1 wrote are of use to this version.

`version_0_1.tar.xz` was made by the last commit of version 0.1: models with random weights on the
tiny catalogue, and in `expected.npz` what they gave.
"""

import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.app.training import recommender_options, train_recommender
from keras_fashion.app.version_0_1 import present_options
from keras_fashion.data import Catalogue, picture_batches
from keras_fashion.models import load

RECOMMENDERS = ["bprmf", "categoryfreq", "dvbpr", "dvbpr_full", "vbpr", "visrankmax"]
GANS = ["gan", "gan_dvbpr"]


@pytest.fixture(scope="module")
def old(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(Path(__file__).parent / "version_0_1.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    folder = folder / "version_0_1"
    for path in folder.glob("*/config.json"):
        config = json.loads(path.read_text()) | {"catalogue": str(folder / "catalogue")}
        path.write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def expected(old):
    return dict(np.load(old / "expected.npz"))


@pytest.mark.parametrize("name", RECOMMENDERS)
def test_recommenders_score_as_before(old, expected, name):
    run = Run(old / name)
    users = np.arange(6)
    np.testing.assert_array_equal(run.vectors.scores(users), expected[f"{name}/scores"])
    encoder = getattr(run.model, "encoder", None)
    pictures = encoder and picture_batches(run.catalogue.pictures(encoder.picture_size))
    scores = run.model.scoring_vectors(pictures, run.split.train).scores(users)
    np.testing.assert_allclose(scores, expected[f"{name}/scores"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", GANS)
def test_gans_draw_as_before(old, expected, name):
    gan = load(old / name)
    latents = np.random.default_rng(0).uniform(-1, 1, (3, 6)).astype(np.float32)
    pictures = gan.draw(latents, np.arange(3))
    np.testing.assert_allclose(pictures.astype(int), expected[f"{name}/pictures"], atol=1)
    outputs = gan.discriminate(expected[f"{name}/pictures"], np.arange(3))
    np.testing.assert_allclose(outputs, expected[f"{name}/outputs"], rtol=1e-4, atol=1e-6)
    # The average was made 1.1 times the trained generator: the two have not changed places.
    for weight, average in zip(gan.generator.weights, gan.ema_generator.weights, strict=True):
        np.testing.assert_allclose(average, 1.1 * np.asarray(weight), rtol=1e-5)


def test_options_have_their_present_names(old):
    options = Run(old / "vbpr").config["options"]
    assert (options["embedding_size"], options["regularization"]) == (2, 0.01)
    assert not {"style_size", "regularisation"} & set(options)


def test_the_default_gan_is_the_preset_least_squares():
    old = {"preset": "default", "metrics_count": 500}
    assert present_options(old) == {"preset": "least-squares", "num_metrics_pictures": 500}
    for options in ({"preset": "dvbpr", "metrics_count": 500}, {"preset": "default"}):
        assert present_options(options)["preset"] == options["preset"]


def test_a_history_of_a_gan_gets_the_present_columns(tmp_path):
    (tmp_path / "history.csv").write_text(
        "epoch,classifier_fid,classifier_kid,discriminator_loss\n0,9.5,0.25,0.1\n1,8.5,0.2,0.1\n"
    )
    Run(tmp_path).truncate_history(1)
    assert (tmp_path / "history.csv").read_text().split() == [
        "epoch,category_frechet_distance,category_kernel_distance,"
        "category_kernel_distance_deviation,discriminator_loss",
        "0,9.5,0.25,nan,0.1",
    ]


def test_a_finished_run_is_the_same_training(old, capsys):
    options = recommender_options(
        "bprmf", latent_size=4, regularization=0.02, epochs=1, batch_size=8
    )
    catalogue = Catalogue.load(old / "catalogue")
    train_recommender(catalogue, old / "bprmf", options, seed=1)
    assert "is finished" in capsys.readouterr().err


def test_a_stopped_training_is_resumed(old, tmp_path, capsys):
    out = tmp_path / "run"
    shutil.copytree(old / "unfinished", out)
    options = recommender_options("bprmf", latent_size=4, epochs=4, batch_size=8)
    run = train_recommender(Catalogue.load(old / "catalogue"), out, options, seed=1)
    assert "epoch-1-step-1" in capsys.readouterr().err
    assert run.metrics["interrupted"] is False
    assert (out / "history.csv").read_text().count("\n") == 1 + 4


def test_an_export_answers(old, expected):
    served = tf.saved_model.load(old / "exported" / "recommender" / "1")
    catalogue = Catalogue.load(old / "catalogue")
    users = [str(catalogue.user_ids[0])] * 20
    answer = served.signatures["score"](
        user_id=tf.constant(users), item_id=tf.constant([str(each) for each in catalogue.item_ids])
    )
    np.testing.assert_allclose(answer["score"], expected["dvbpr/scores"][0], rtol=1e-4, atol=1e-5)
