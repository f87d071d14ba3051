import pytest

from keras_fashion.errors import InputError
from keras_fashion.training.options import BPRMFOptions, GANOptions, VisRankOptions


def test_options_check_themselves():
    with pytest.raises(InputError, match="monitor 'loss': there are auc, auc_matched"):
        BPRMFOptions(monitor="loss")
    with pytest.raises(InputError, match="give a tuple of names"):
        VisRankOptions(features="classifier")
    with pytest.raises(InputError, match="--inception is for scores.*--metrics-every"):
        GANOptions(inception="weights.pt")
