import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import chi2_contingency, chisquare

from keras_fashion.data.pictures import scale
from keras_fashion.data.pipelines import REFERENCES, labeled_pictures, picture_batches, triplets
from keras_fashion.data.split import Split
from keras_fashion.errors import InputError

ITEMS = 12
# User 0 has all but item 7 in training, user 1 two items, user 2 none.
TRAIN = np.array([(0, i) for i in range(ITEMS) if i != 7] + [(1, 3), (1, 4)], np.int32)
NONE = np.empty((0, 2), np.int32)
SPLIT = Split(3, ITEMS, TRAIN, NONE, NONE)


def passes(dataset, batch_size, count=1):
    """Some passes over the stream of triplets of SPLIT, each as an array (triplets, 3)."""
    columns = ("user", "positive", "negative")
    steps = SPLIT.steps(batch_size)
    batches = [
        np.stack([batch[name] for name in columns], 1)
        for batch in dataset.take(count * steps).as_numpy_iterator()
    ]
    return [np.concatenate(batches[n * steps : (n + 1) * steps]) for n in range(count)]


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).integers(0, 256, (ITEMS, 4, 3, 3), np.uint8)


def test_positives_are_trained_on_and_negatives_are_not():
    (drawn,) = passes(triplets(SPLIT, 4000, seed=0), 4000)
    train = {tuple(pair) for pair in TRAIN.tolist()}
    assert {(user, positive) for user, positive, _ in drawn} == train
    free = {(0, 7)} | {(1, item) for item in range(ITEMS) if item not in (3, 4)}
    assert {(user, negative) for user, _, negative in drawn} == free


def test_draws_are_uniform():
    (drawn,) = passes(triplets(SPLIT, 13_000, seed=1), 13_000)
    _, positives = np.unique(drawn[:, :2], axis=0, return_counts=True)
    assert chisquare(positives).pvalue > 1e-4  # over interactions, hence not over users
    _, negatives = np.unique(drawn[drawn[:, 0] == 1, 2], return_counts=True)
    assert chisquare(negatives).pvalue > 1e-4


def test_negatives_do_not_depend_on_positives():
    # As many interactions as items: a number drawn once for both would show.
    train = np.array([(user, item) for user in (0, 1) for item in range(ITEMS // 2)], np.int32)
    dataset = triplets(Split(2, ITEMS, train, NONE, NONE), 13_000, seed=2)
    (drawn,) = passes(dataset, 13_000)
    together = np.zeros((ITEMS // 2, ITEMS // 2))
    np.add.at(together, (drawn[:, 1], drawn[:, 2] - ITEMS // 2), 1)
    assert chi2_contingency(together).pvalue > 1e-4


def test_same_seed_same_triplets_and_each_pass_anew():
    first, second = passes(triplets(SPLIT, 4, seed=5), 4, 2)
    again, again_second = passes(triplets(SPLIT, 4, seed=5), 4, 2)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(second, again_second)
    assert (first != second).any()
    assert (first != passes(triplets(SPLIT, 4, seed=6), 4)[0]).any()
    batches = first.reshape(-1, 4, 3)
    assert len(np.unique(batches, axis=0)) == len(batches)


def test_a_user_who_has_everything_is_refused_rather_than_searched_for_ever():
    everything = np.array([(0, item) for item in range(ITEMS)], np.int32)
    with pytest.raises(InputError, match="every item"):
        triplets(Split(1, ITEMS, everything, NONE, NONE), 4, seed=0)


@pytest.mark.parametrize(("batch_size", "steps"), [(1, 13), (4, 4), (13, 1), (50, 1)])
def test_a_pass_is_the_training_set_in_whole_batches(batch_size, steps):
    assert SPLIT.steps(batch_size) == steps
    (drawn,) = passes(triplets(SPLIT, batch_size, seed=0), batch_size)
    assert drawn.shape == (steps * batch_size, 3)
    assert drawn.dtype == np.int32


def test_pictures_are_those_of_the_items(pictures):
    for batch in triplets(SPLIT, 8, 0, pictures).take(3).as_numpy_iterator():
        items = np.concatenate([batch["positive"], batch["negative"]])
        np.testing.assert_allclose(batch["picture"], pictures[items] / 127.5 - 1, atol=1e-6)


def test_features_in_the_place_of_pictures_are_given_as_they_are():
    features = np.random.default_rng(0).normal(0, 100, (ITEMS, 5)).astype(np.float16)
    (batch,) = triplets(SPLIT, 8, 0, features, negatives=6).take(1).as_numpy_iterator()
    items = np.concatenate([batch["positive"], batch["negative"]])
    assert batch["picture"].dtype == np.float32
    np.testing.assert_array_equal(batch["picture"], features[items])
    whole = np.concatenate(list(picture_batches(features, 5).as_numpy_iterator()))
    np.testing.assert_array_equal(whole, features)
    with pytest.raises(ValueError, match="flip=True .* features cannot be mirrored"):
        triplets(SPLIT, 8, 0, features, flip=True)


def test_shared_negatives_are_uniform_and_what_was_bought_does_not_count(pictures):
    dataset = triplets(SPLIT, 4, seed=0, pictures=pictures, negatives=24)
    train = {tuple(pair) for pair in TRAIN.tolist()}
    drawn = []
    for batch in dataset.take(400).as_numpy_iterator():
        assert batch["negative"].shape == (24,)
        expected = [[(u, j) not in train for j in batch["negative"]] for u in batch["user"]]
        np.testing.assert_array_equal(batch["mask"], np.array(expected, np.float32))
        assert batch["picture"].shape == (28, 4, 3, 3)
        drawn.extend(batch["negative"])
    assert chisquare(np.bincount(drawn, minlength=ITEMS)).pvalue > 1e-4


@pytest.mark.parametrize("size", [1, 4, 11, 20])
def test_history_is_what_else_the_user_bought(size):
    given = {(u, i): set() for u, i in TRAIN.tolist()}
    for batch in triplets(SPLIT, 13, seed=0, history=size).take(60).as_numpy_iterator():
        assert batch["history"].shape == (13, size)
        for user, positive, history in zip(
            batch["user"], batch["positive"], batch["history"], strict=True
        ):
            items = history[history >= 0].tolist()
            others = {i for u, i in TRAIN.tolist() if u == user} - {positive}
            assert len(items) == len(set(items))
            assert set(items) <= others
            # All of them where they fit, else `size` with at most the positive among them.
            assert len(items) >= min(size - 1, len(others)) if size < 11 else set(items) == others
            given[user, positive] |= set(items)
    # Over the passes every item has its turn.
    assert all(
        others == {i for u, i in TRAIN.tolist() if u == user} - {item}
        for (user, item), others in given.items()
    )


def was_mirrored(shown, scaled):
    """Whether a shown picture is the mirror image; fails if it is neither."""
    same = np.array_equal(shown, scaled)
    assert same or np.array_equal(shown, scaled[:, ::-1])
    return not same


def test_flip_mirrors_half_of_the_pictures_each_by_itself(pictures):
    (batch,) = triplets(SPLIT, 2000, 0, pictures, flip=True).take(1).as_numpy_iterator()
    items = np.concatenate([batch["positive"], batch["negative"]])
    shown = zip(batch["picture"], scale(pictures).numpy()[items], strict=True)
    mirrored = [was_mirrored(picture, scaled) for picture, scaled in shown]
    positive, negative = np.array(mirrored).reshape(2, -1)
    assert 0.45 < positive.mean() < 0.55
    assert 0.45 < negative.mean() < 0.55
    assert 0.45 < (positive == negative).mean() < 0.55


def test_labeled_pictures_cover_every_item_once_a_pass(pictures):
    categories = np.arange(ITEMS) % 5
    dataset = labeled_pictures(pictures, categories, batch_size=4, seed=0)
    scaled = scale(pictures).numpy()
    batches = list(dataset.take(6).as_numpy_iterator())
    orders = []
    for number in range(2):
        order = []
        for shown, labels in batches[3 * number : 3 * number + 3]:
            assert shown.shape == (4, 4, 3, 3)
            assert labels.dtype == np.int32
            for picture, label in zip(shown, labels, strict=True):
                (item,) = np.flatnonzero((scaled == picture).all((1, 2, 3)))
                assert label == categories[item]
                order.append(item)
        assert sorted(order) == list(range(ITEMS))
        orders.append(order)
    assert orders[0] != orders[1]


def test_labeled_pictures_drop_the_rest_and_are_seeded(pictures):
    scaled = scale(pictures).numpy()

    def labels(seed):
        dataset = labeled_pictures(pictures, np.arange(ITEMS), 5, seed, flip=True).take(2)
        return [
            (item, was_mirrored(picture, scaled[item]))
            for batch in dataset.as_numpy_iterator()
            for picture, item in zip(*batch, strict=True)
        ]

    first = labels(0)
    assert first == labels(0)
    assert first != labels(1)
    assert len(dict(first)) == 10
    assert {mirrored for _, mirrored in first} == {True, False}


def test_references_are_drawn_from_the_categories_of_the_batch(pictures):
    categories = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2])
    features = np.arange(ITEMS, dtype=np.float16)[:, None]
    dataset = labeled_pictures(pictures, categories, 6, seed=0, features=features)
    seen = np.zeros(ITEMS)
    for _, batch, references, labels in dataset.take(100).as_numpy_iterator():
        assert references.dtype == np.float32 and labels.dtype == np.int32
        np.testing.assert_array_equal(labels, np.repeat(batch, REFERENCES))
        items = references[:, 0].astype(int)
        np.testing.assert_array_equal(categories[items], labels)
        seen += np.bincount(items, minlength=ITEMS)
    # Each item stands for its category as often as the others of it.
    for category in (0, 1):
        assert chisquare(seen[categories == category]).pvalue > 0.001
    np.testing.assert_allclose(seen / seen.sum(), 1 / ITEMS, rtol=0.1)


def test_rare_categories_are_drawn_by_the_power_of_their_size(pictures):
    categories = np.repeat([0, 2, 3], [9, 1, 2])  # no picture is of category 1
    dataset = labeled_pictures(pictures, categories, 6, seed=0, category_power=0.5)
    scaled, seen = scale(pictures).numpy(), np.zeros(ITEMS)
    for shown, labels in dataset.take(400).as_numpy_iterator():
        for picture, label in zip(shown, labels, strict=True):
            (item,) = np.flatnonzero((scaled == picture).all((1, 2, 3)))
            assert label == categories[item]
            seen[item] += 1
    root = np.sqrt([9, 1, 2])
    expected = np.repeat(root / root.sum() / [9, 1, 2], [9, 1, 2]) * seen.sum()
    assert chisquare(seen, expected).pvalue > 0.001


def test_references_are_the_same_on_all_replicas_and_from_any_start(pictures):
    def stream(**place):
        features = np.arange(ITEMS, dtype=np.float16)[:, None]
        return labeled_pictures(pictures, np.arange(ITEMS) % 3, 6, 0, features=features, **place)

    whole = first(stream(), 4)
    assert_same(first(stream(start=2), 2), whole[2:])
    shared = first(stream(context=tf.distribute.InputContext(1, 0, 2)), 8)
    for step, batch in enumerate(whole):
        for part in shared[2 * step : 2 * step + 2]:
            assert_same([part[2:]], [batch[2:]])
        np.testing.assert_array_equal(
            dealt_back([part[1] for part in shared[2 * step : 2 * step + 2]]), batch[1]
        )


def test_picture_batches_keep_the_order(pictures):
    batches = list(picture_batches(pictures, 5).as_numpy_iterator())
    assert [len(batch) for batch in batches] == [5, 5, 2]
    np.testing.assert_array_equal(np.concatenate(batches), scale(pictures))


STREAMS = {
    "siamese": lambda pictures, **place: triplets(
        SPLIT, 8, 3, pictures, flip=True, history=4, **place
    ),
    "shared": lambda pictures, **place: triplets(
        SPLIT, 8, 3, pictures, flip=True, negatives=6, **place
    ),
    "labeled": lambda pictures, **place: labeled_pictures(
        pictures, np.arange(ITEMS), 8, 3, flip=True, **place
    ),
    "drawn": lambda pictures, **place: labeled_pictures(
        pictures, np.arange(ITEMS), 8, 3, flip=True, category_power=0.5, **place
    ),
}


def first(dataset, count):
    """Batches as flat lists of arrays."""
    return [tf.nest.flatten(batch) for batch in dataset.take(count).as_numpy_iterator()]


def assert_same(batches, others):
    for batch, other in zip(batches, others, strict=True):
        for array, same in zip(batch, other, strict=True):
            np.testing.assert_array_equal(array, same)


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_a_stream_goes_on_anywhere_with_any_number_of_threads(stream, pictures):
    whole = first(stream(pictures), 9)
    assert_same(first(stream(pictures, start=4), 5), whole[4:])
    options = tf.data.Options()
    options.threading.private_threadpool_size = 1
    options.autotune.enabled = False
    assert_same(first(stream(pictures).with_options(options), 9), whole)


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_the_iterator_itself_can_be_checkpointed(stream, pictures, tmp_path):
    whole = first(stream(pictures), 6)
    iterator = iter(stream(pictures))
    for _ in range(3):
        next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).write(str(tmp_path / "place"))
    again = iter(stream(pictures))
    tf.train.Checkpoint(iterator=again).read(path)
    rest = [[array.numpy() for array in tf.nest.flatten(next(again))] for _ in range(3)]
    assert_same(rest, whole[3:])


@pytest.mark.parametrize("workers, replicas", [(1, 2), (2, 2)])
def test_replicas_share_each_batch(workers, replicas, pictures):
    contexts = [tf.distribute.InputContext(workers, each, replicas) for each in range(workers)]
    local, part = replicas // workers, 8 // replicas
    for stream in STREAMS.values():
        given = [
            first(stream(pictures, context=context, start=2), 3 * local) for context in contexts
        ]
        for step, whole in enumerate(first(stream(pictures, start=2), 3)):
            parts = [each for worker in given for each in worker[step * local : (step + 1) * local]]
            for number, array in enumerate(whole):
                shares = [share[number] for share in parts]
                if len(array) <= 8:  # a row for each positive, negative or labeled picture
                    np.testing.assert_array_equal(dealt_back(shares), array)
                else:  # pictures of positives, then of negatives
                    assert len(array) in (14, 16)
                    positives = dealt_back([share[:part] for share in shares])
                    np.testing.assert_array_equal(positives, array[:8])
                    negatives = dealt_back([share[part:] for share in shares])
                    np.testing.assert_array_equal(negatives, array[8:])


def dealt_back(shares):
    """The batch of which each replica was dealt every n-th row."""
    batch = np.empty((sum(map(len, shares)), *shares[0].shape[1:]), shares[0].dtype)
    for replica, share in enumerate(shares):
        batch[replica :: len(shares)] = share
    return batch


def test_a_batch_that_replicas_cannot_share_is_refused(pictures):
    context = tf.distribute.InputContext(1, 0, 3)
    with pytest.raises(InputError, match="8 rows of a batch cannot be shared evenly by 3 devices"):
        triplets(SPLIT, 8, 0, context=context)
    context = tf.distribute.InputContext(1, 0, 4)
    with pytest.raises(
        InputError, match="6 rows .* 4 devices: `batch_size` and `negatives` must be"
    ):
        triplets(SPLIT, 8, 0, negatives=6, context=context)
    with pytest.raises(ValueError, match="12 pictures do not make a batch of 13"):
        labeled_pictures(pictures, np.arange(ITEMS), 13, 0)
