"""A short run of the fuzzer (`make fuzz`), and that it notices what it is for."""

import fuzz_prepare
import pytest
from inputs import KINDS

from keras_fashion.data.sources.shop import shop_files


def test_two_inputs_of_each_kind():
    counts, violations = fuzz_prepare.fuzz(0, 2 * len(KINDS), seed=8)
    assert not violations
    assert {kind for kind, _ in counts} == set(KINDS)
    assert {outcome for _, outcome in counts} == {"checked", "prepared", "refused"}


@pytest.mark.parametrize(
    ("error", "wrong"), [(KeyError("x"), "KeyError"), (fuzz_prepare.Hang(), "Hang")]
)
def test_what_is_no_sentence_is_noticed(monkeypatch, error, wrong):
    def fails(*_):
        raise error

    monkeypatch.setattr(shop_files, "list_pictures", fails)
    number = list(KINDS).index("shop: pictures, thin")
    _, violations = fuzz_prepare.fuzz(number, 1, seed=8)
    assert len(violations) == 1
    assert f"--seed 8 --first {number} --count 1 (shop: pictures, thin): " in violations[0]
    assert wrong in violations[0]
