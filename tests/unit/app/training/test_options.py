import pytest

from keras_fashion.app.training.options import GANOptions, recommender_options
from keras_fashion.errors import InputError


def test_options_check_themselves():
    with pytest.raises(InputError, match="`monitor` 'loss': there are auc, auc_matched"):
        recommender_options("bprmf", monitor="loss")
    with pytest.raises(InputError, match="`features` 'classifier': give a tuple of names"):
        recommender_options("visrank", features="classifier")
    with pytest.raises(InputError, match="--inception is the network.*--metrics-every"):
        GANOptions(inception="weights.pt")
