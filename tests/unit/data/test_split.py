from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_fashion.data.split import leave_one_out, read_split
from keras_fashion.errors import InputError

ITEMS = 12


def shop(owned):
    """What a split needs of a catalogue: each user's items."""
    pairs = [(user, item) for user, items in enumerate(owned) for item in sorted(items)]
    return SimpleNamespace(
        name="shop",
        user_ids=np.array([f"{user:03}" for user in range(len(owned))]),
        item_ids=np.array([f"{item:04}" for item in range(ITEMS)]),
        interactions=np.array(pairs, np.int32).reshape(-1, 2),
    )


def rows(pairs):
    return {tuple(pair) for pair in pairs.tolist()}


shops = st.lists(st.sets(st.integers(0, ITEMS - 1), min_size=1), min_size=1, max_size=8).filter(
    lambda owned: max(map(len, owned)) >= 5
)


@settings(max_examples=200, deadline=None)
@given(owned=shops, seed=st.integers(0, 2**32 - 1))
def test_leave_one_out_holds_its_promises(owned, seed):
    catalogue = shop(owned)
    split = leave_one_out(catalogue, seed)
    parts = [split.train, split.validation, split.test]
    users = [user for user, items in enumerate(owned) if len(items) >= 5]
    everything = {(user, item) for user in users for item in owned[user]}

    assert set().union(*map(rows, parts)) == everything
    assert sum(map(len, parts)) == len(everything)  # with the line above: disjoint
    assert sorted(split.validation[:, 0]) == users
    assert sorted(split.test[:, 0]) == users
    assert (split.num_users, split.num_items) == (len(owned), ITEMS)
    assert all(part.dtype == np.int32 for part in parts)

    again = leave_one_out(catalogue, seed)
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(again, name), getattr(split, name))


def test_another_seed_holds_out_others():
    catalogue = shop([set(range(ITEMS))] * 20)
    first, second = leave_one_out(catalogue, 0), leave_one_out(catalogue, 1)
    assert rows(first.test) != rows(second.test)
    assert rows(first.validation) != rows(second.validation)


def test_every_item_is_as_likely_to_be_held_out():
    split = leave_one_out(shop([set(range(ITEMS))] * 2400), 0)
    for part in (split.validation, split.test):
        counts = np.bincount(part[:, 1], minlength=ITEMS)  # 200 each, standard deviation 13.5
        assert (np.abs(counts - 200) < 60).all()


def test_minimum_items_is_inclusive():
    catalogue = shop([{0, 1, 2}, {0, 1, 2, 3}, {0, 1, 2, 3, 4}])
    assert leave_one_out(catalogue, 0).test[:, 0].tolist() == [2]
    assert leave_one_out(catalogue, 0, minimum_items=4).test[:, 0].tolist() == [1, 2]


def test_a_shop_without_enough_is_refused():
    with pytest.raises(InputError, match="5 distinct items"):
        leave_one_out(shop([{0, 1, 2, 3}]), 0)


def test_counts_of_training(tmp_path):
    split = leave_one_out(shop([{0, 1, 2, 3, 4}, {2, 3, 4, 5, 6}]), 0)
    counts = [sum(item == i for _, item in split.train.tolist()) for i in range(ITEMS)]
    assert split.training_counts.tolist() == counts
    assert sorted(split.items_of(1)) == sorted(i for u, i in split.train.tolist() if u == 1)
    assert "2 users, 6 training, 2 validation and 2 test" in split.summary()


CATALOGUE = shop([{0, 1, 2, 3, 4}, {2, 3, 4, 5, 6}, {0}])
GOOD = [
    "000,0003,train",
    "000,0001,valid",
    "000,0002,test",
    "001,0006,test",
    "001,0004,train",
    "001,0005,validation",
    "001,0002,train",
]


def write(path, lines, header="customer_id,article_id,part"):
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_read_split_takes_ids_as_text_and_both_names_of_validation(tmp_path):
    split = read_split(write(tmp_path / "split.csv", GOOD), CATALOGUE)
    assert split.train.tolist() == [[0, 3], [1, 4], [1, 2]]
    assert split.validation.tolist() == [[0, 1], [1, 5]]
    assert split.test.tolist() == [[0, 2], [1, 6]]
    assert (split.num_users, split.num_items) == (3, ITEMS)
    assert split.train.dtype == np.int32


def test_read_split_undoes_a_written_leave_one_out(tmp_path):
    split = leave_one_out(CATALOGUE, 3)
    lines = [
        f"{CATALOGUE.user_ids[user]},{CATALOGUE.item_ids[item]},{part}"
        for part in ("train", "validation", "test")
        for user, item in getattr(split, part)
    ]
    read = read_split(write(tmp_path / "split.csv", lines), CATALOGUE)
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(read, part), getattr(split, part))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0,0005,train", r"line 9 \(0, 0005, train\).*no such user"),
        ("000,5,train", r"line 9 .*no such item"),
        ("000,0005,training", r"line 9 .*train, valid or test"),
        ("000,0005,", r"line 9 .*train, valid or test"),
        ("000,0005", r"line 9 .*train, valid or test"),
        ("000,0003,train", r"line 9 .*occur twice"),
        ("000,0003,test", r"line 9 .*occur twice"),
        ("000,0005,test", r"line 9 .*two rows of this part"),
        ("000,0005,validation", r"line 9 .*two rows of this part"),  # the other is called valid
        ("002,0000,test", r"line 9 .*no training row"),
        ("002,,train", r"line 9 .*no such item"),
    ],
)
def test_read_split_names_the_line_that_is_wrong(tmp_path, line, message):
    with pytest.raises(InputError, match=r"split\.csv, " + message):
        read_split(write(tmp_path / "split.csv", [*GOOD, line]), CATALOGUE)


def test_a_file_that_is_no_split_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"user, item.*three"):
        read_split(write(tmp_path / "two.csv", ["000,0001"], header="user,item"), CATALOGUE)
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81" * 9)
    for name in ("missing.csv", "empty.csv", "binary.csv"):
        with pytest.raises(InputError, match=name):
            read_split(tmp_path / name, CATALOGUE)


def test_a_split_without_training_rows_is_refused(tmp_path):
    with pytest.raises(InputError, match="no rows"):
        read_split(write(tmp_path / "split.csv", []), CATALOGUE)
