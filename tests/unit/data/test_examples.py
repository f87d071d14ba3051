import io
import pickle
import threading
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_fashion.data.examples import (
    READ_AHEAD,
    InteractionExamples,
    ItemExamples,
    UnusableItem,
)


def png(number):
    data = io.BytesIO()
    Image.new("RGB", (2, 2), (number, 0, 0)).save(data, "PNG")
    return data.getvalue()


def rows(count, **attributes):
    ids = [f"0{number}" for number in range(count)]
    frame = {"item": ids, "category": "Tops", "picture": range(count)}
    return pd.DataFrame(frame | attributes)


def read_all_but(*bad):
    def read(number):
        if number in bad:
            raise FileNotFoundError(number)
        return png(number)

    return read


def test_an_item_is_its_texts_and_its_picture():
    items = rows(2, color=["red", ""], size=["S", "M"])
    made = []
    for key, example in ItemExamples(items, ("size", "color"), png, False)():
        made.append((key, dict(example)))
    assert made == [
        (
            number,
            {
                "item": f"0{number}",
                "category": "Tops",
                "attributes": attributes,
                "pictures": [png(number)],
                "user": "",
                "time": "",
            },
        )
        for number, attributes in enumerate(
            [{"size": "S", "color": "red"}, {"size": "M", "color": ""}]
        )
    ]


def test_the_order_is_kept_however_long_each_picture_takes():
    delays = np.random.default_rng(0).uniform(0, 0.01, 60)

    def read(number):
        time.sleep(delays[number])
        return png(number)

    made = [
        (key, *example["pictures"]) for key, example in ItemExamples(rows(60), (), read, False)()
    ]
    assert made == [(number, png(number)) for number in range(60)]


def test_a_slow_reader_is_not_run_away_from():
    started = 0
    lock = threading.Lock()

    def read(number):
        nonlocal started
        with lock:
            started += 1
        return png(number)

    examples = ItemExamples(rows(100), (), read, False)()
    for taken in range(1, 61):
        next(examples)
        time.sleep(0.002)  # in which the threads could read all of them
        assert started <= taken + READ_AHEAD
    examples.close()


def test_pictures_are_read_by_several_threads():
    together = threading.Barrier(2, timeout=20)

    def read(number):
        if number < 2:
            together.wait()  # neither comes through without the other
        return png(number)

    assert len(list(ItemExamples(rows(4), (), read, False)())) == 4


def test_a_picture_is_given_back_when_the_next_is_asked_for():
    examples = [example for _, example in ItemExamples(rows(3), (), png, False)()]
    assert [example["pictures"] for example in examples] == [[], [], []]


def test_what_cannot_be_used_is_left_out():
    made = [key for key, _ in ItemExamples(rows(9), (), read_all_but(0, 4, 8), False)()]
    assert made == [1, 2, 3, 5, 6, 7]


def test_stopping_at_the_first_that_cannot_be_used():
    late = threading.Event()

    def read(number):
        if number == 3:
            late.wait(20)  # until a later one has failed
        if number == 5:
            late.set()
        return read_all_but(3, 5)(number)

    examples = ItemExamples(rows(9).set_axis(range(100, 109)), (), read, True)()
    assert [next(examples)[0] for _ in range(3)] == [100, 101, 102]
    with pytest.raises(UnusableItem) as told:
        next(examples)
    assert (told.value.row, told.value.reason) == (103, "picture cannot be read")


def test_a_fault_of_the_source_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(ItemExamples(rows(3), (), lambda number: 1 / number, False)())


def test_no_rows_are_no_examples():
    assert list(ItemExamples(rows(0), (), png, True)()) == []


def test_examples_can_be_sent_to_another_process():
    items = rows(3).assign(picture=[png(number) for number in range(3)])
    sent = pickle.loads(pickle.dumps(ItemExamples(items, (), bytes, False)))
    assert [example["pictures"] for _, example in sent()] != []
    assert [key for key, _ in sent()] == [0, 1, 2]


def test_an_interaction_is_of_the_same_shape_without_picture():
    bought = pd.DataFrame({"user": ["ann", "bob"], "item": ["00", "01"], "time": ["2020", ""]})
    (first, second) = InteractionExamples(bought, ("size",))()
    assert first == (
        0,
        {
            "item": "00",
            "category": "",
            "attributes": {"size": ""},
            "pictures": [],
            "user": "ann",
            "time": "2020",
        },
    )
    assert (second[0], second[1]["user"], second[1]["time"]) == (1, "bob", "")
