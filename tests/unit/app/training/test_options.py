from dataclasses import fields

import pytest

from keras_fashion.app.cli.train import train_command
from keras_fashion.app.training.options import GANOptions, options_class, recommender_options
from keras_fashion.errors import InputError
from keras_fashion.models import RECOMMENDERS
from keras_fashion.models.fit_settings import SearchChoices


def test_options_check_themselves():
    with pytest.raises(InputError, match="`monitor` 'loss': there are auc, auc_matched"):
        recommender_options("bprmf", monitor="loss")
    with pytest.raises(InputError, match="`features` 'classifier': give a tuple of names"):
        recommender_options("visrank", features="classifier")
    with pytest.raises(InputError, match="--inception is the network.*--metrics-every"):
        GANOptions(inception="weights.pt")


@pytest.mark.parametrize("model", RECOMMENDERS)
def test_every_default_is_among_what_is_searched(model):
    for each in fields(options_class(model)):
        searched = each.metadata["searched"]
        if isinstance(searched, SearchChoices):
            assert each.default in searched.values, each.name
        elif searched is not None:
            assert searched.low <= each.default <= searched.high, each.name
            assert searched.low > 0 or not searched.log, each.name
            # Values are rounded to three digits, which must not lead out of the range.
            assert all(float(f"{end:.2e}") == end for end in searched[:2]), each.name


@pytest.mark.parametrize(
    ("model", "chosen"),
    [
        ("vbpr", {"bias": False, "features": ("attributes", "my net"), "learning_rate": 3.1e-5}),
        ("bprmf", {"monitor": "auc_matched", "negatives": 64, "regularization": 0.0}),
        ("visrank", {}),
    ],
)
def test_the_arguments_of_options_give_these_options(model, chosen, tmp_path):
    options = recommender_options(model, **chosen)
    given = [str(tmp_path), "--out", "run", *options.arguments()]
    context = train_command(type(options)).make_context("train", given)
    parsed = {each.name: context.params[each.name] for each in fields(options)}
    assert type(options)(**parsed) == options
    assert ("--epochs" in given) is False  # What is the default is left out.
