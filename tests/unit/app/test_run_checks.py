import pandas as pd
import pytest

from keras_fashion.app.run import Run
from keras_fashion.app.run_checks import (
    require_dvbpr,
    require_finished,
    require_gan,
    require_independent_dvbpr,
    require_matching_pair,
)
from keras_fashion.data import Catalogue
from keras_fashion.errors import InputError


@pytest.fixture
def create(tmp_path, tiny_catalogue):
    def create(name, model, catalogue=tiny_catalogue, **config):
        return Run.create(tmp_path / name, {"model": model, "seed": 0} | config, catalogue)

    return create


@pytest.fixture
def changed_catalogue(tiny_catalogue):
    changed = Catalogue.load(tiny_catalogue.path)
    changed.fingerprint = "of another shop"
    return changed


def test_a_dvbpr_must_score_by_pictures_only(create):
    run = create("dvbpr", "dvbpr", options={"latent_size": 0, "bias": False})
    assert require_dvbpr(run) is run
    with pytest.raises(InputError, match="vbpr is a run of vbpr, not of dvbpr"):
        require_dvbpr(create("vbpr", "vbpr"))
    for name, options in (("latent", {"latent_size": 2}), ("bias", {"bias": True})):
        with pytest.raises(InputError, match=f"{name} was trained with .*--latent-size, --bias"):
            require_dvbpr(create(name, "dvbpr", options=options))


def test_only_a_gan_generates(create):
    run = create("gan", "gan")
    assert require_gan(run) is run
    with pytest.raises(InputError, match="only that of a gan can generate"):
        require_gan(create("vbpr", "vbpr"))


def test_only_a_dvbpr_and_a_gan_of_one_catalogue_are_a_pair(create, changed_catalogue):
    dvbpr, gan, vbpr = create("dvbpr", "dvbpr"), create("gan", "gan"), create("vbpr", "vbpr")
    assert require_matching_pair(dvbpr, gan) == (dvbpr, gan)
    for pair, named in (
        ((gan, dvbpr), "gan is a run of gan, not of dvbpr"),
        ((vbpr, gan), "vbpr is a run of vbpr, not of dvbpr"),
        ((dvbpr, vbpr), "vbpr is a run of vbpr, not of gan"),
    ):
        with pytest.raises(InputError, match=named):
            require_matching_pair(*pair)
    with pytest.raises(InputError, match=r"other.*different catalogues"):
        require_matching_pair(dvbpr, create("other", "gan", changed_catalogue))


def test_an_independent_dvbpr_is_another_run_on_the_same_users(
    create, tiny_catalogue, changed_catalogue
):
    first, second = (create(name, "dvbpr", split=None) for name in ("first", "second"))
    assert require_independent_dvbpr(second, first) is second
    with pytest.raises(InputError, match="first is the run that designs.*--seed"):
        require_independent_dvbpr(Run(first.path), first)
    other = create("other", "dvbpr", changed_catalogue, split=None)
    with pytest.raises(InputError, match="different catalogues"):
        require_independent_dvbpr(other, first)

    few = create("few", "dvbpr", split="few.csv")
    row = (tiny_catalogue.user_ids[0], tiny_catalogue.item_ids[0], "train")
    split = pd.DataFrame([row], columns=["user", "item", "part"])
    split.to_csv(few.path / "split.csv", index=False)
    with pytest.raises(InputError, match=r"few was not trained on \d+ of the users.*--split"):
        require_independent_dvbpr(few, first)


def test_an_interrupted_run_is_not_finished(create):
    run = create("run", "bprmf")
    with pytest.raises(InputError, match="run was interrupted"):
        require_finished(run)  # It has no metrics yet.
    run.write_metrics(1.0, interrupted=True)
    with pytest.raises(InputError, match="run was interrupted"):
        require_finished(run)
    run.write_metrics(1.0)
    assert require_finished(run) is run
