"""Tests of the exported recommender, in another process, against the Keras models."""

import numpy as np
import pytest
import tensorflow as tf
from served_questions import MODELS, WITH_PICTURES, everyone, recommend, score_all
from tiny_world import CATEGORIES

from keras_fashion.data import decode_picture, leave_one_out, scale
from keras_fashion.models import VisRank
from keras_fashion.serving.signatures.item_table import MAX_K, NO_SCORE
from keras_fashion.serving.signatures.recommender import ServedRecommender

SCORED = [*MODELS, "bprmf"]
"""BPR-MF is not exported here. Its signatures are called in this process."""


@pytest.fixture(scope="module")
def answers(all_answers, world, tmp_path_factory):
    served = ServedRecommender(world.bprmf, tmp_path_factory.mktemp("ids"))
    functions = served.signatures()

    def asked(question):
        function = functions[question.signature]
        inputs = [
            tf.constant(question.inputs[spec.name], spec.dtype) for spec in function.input_signature
        ]
        found = {name: value.numpy() for name, value in function(*inputs).items()}
        return {n: each.astype(str) if each.dtype == "O" else each for n, each in found.items()}

    return {name.removeprefix("recommender/"): each for name, each in all_answers.items()} | {
        "score_bprmf": asked(score_all(world.catalogue, "bprmf")),
        "top_bprmf": asked(recommend(everyone(world.catalogue), "bprmf")),
    }


def true_scores(run, catalogue, pictures):
    """Returns (U, I) scores by calling the Keras model on every pair, without scoring vectors."""
    rows = []
    for user in range(len(catalogue.user_ids)):
        items = np.arange(len(catalogue.item_ids))
        inputs = {"user": np.full(len(items), user), "item": items, "picture": pictures}
        rows.append(run.model(inputs).numpy())
    return np.stack(rows)


@pytest.fixture(scope="module")
def scores(world):
    """The expected scores of each export, (U + 1, I), with a last row for unknown users."""
    catalogue = world.catalogue
    popularity = np.zeros(20)
    for _, item in leave_one_out(catalogue, seed=0).train:
        popularity[item] += 1
    untrained = catalogue.user_index("new-here")
    tables = {}
    for name in SCORED:
        scores = true_scores(getattr(world, name), catalogue, world.pictures)
        tables[name] = np.vstack([scores, popularity])
        tables[name][untrained] = popularity
    return tables


@pytest.mark.parametrize("model", SCORED)
def test_scores_are_those_of_the_python_model(answers, scores, model):
    expected = scores[model]
    assert expected[0].std() > 0.05  # so that the tolerance below is small in comparison
    table = answers[f"score_{model}"]["score"].reshape(7, 21)
    np.testing.assert_allclose(table[:, :20], expected, rtol=1e-5, atol=1e-5)
    assert (table[:, 20] == NO_SCORE).all()


def test_unknown_users_and_items_are_flagged(world, answers):
    known = [user != "new-here" for user in world.catalogue.user_ids] + [False]
    assert answers["top_dvbpr"]["known_user"].tolist() == known
    pairs = answers["score_dvbpr"]
    np.testing.assert_array_equal(
        pairs["known_user"].reshape(7, 21), np.repeat(np.array(known)[:, None], 21, 1)
    )
    assert pairs["known_item"].reshape(7, 21).tolist() == [[True] * 20 + [False]] * 7


def best(catalogue, row, bought, k, category=None):
    """Returns the ids and scores for one user by brute force, the best first."""
    candidates = [
        item
        for item in range(len(catalogue.item_ids))
        if item not in bought
        and category in (None, catalogue.categories[catalogue.item_categories[item]])
    ]
    candidates.sort(key=lambda item: (-row[item], item))
    return [(catalogue.item_ids[item], row[item]) for item in candidates[:k]]


def bought_by(catalogue, user):
    return [item for who, item in catalogue.interactions if who == user]


@pytest.mark.parametrize("model", SCORED)
def test_recommends_the_best_items_not_yet_bought(world, answers, scores, model):
    answer = answers[f"top_{model}"]
    for place, user in enumerate([*range(6), None]):
        bought = bought_by(world.catalogue, user)
        expected = best(world.catalogue, scores[model][place], bought, 5)
        assert answer["item_id"][place].tolist() == [item for item, _ in expected]
        np.testing.assert_allclose(
            answer["score"][place], [score for _, score in expected], rtol=1e-5
        )


def test_recommending_is_the_default(answers):
    for name in ("item_id", "score", "known_user"):
        np.testing.assert_array_equal(answers["default"][name], answers["top_dvbpr"][name])


def test_every_row_has_its_own_k_category_and_seen_items(world, answers, scores):
    catalogue, answer = world.catalogue, answers["mixed"]
    assert answer["item_id"].shape == answer["score"].shape == (4, 20)
    asked = [(0, 2, None, True), (1, 20, "Shoes", False), (2, 1, "Röcke", False)]
    asked += [(6, 9, "Shoes", True)]
    for place, (user, k, category, exclude) in enumerate(asked):
        bought = bought_by(catalogue, user) if exclude else []
        expected = best(catalogue, scores["dvbpr"][user], bought, k, category)
        missing = 20 - len(expected)
        assert missing > 0
        assert answer["item_id"][place].tolist() == [item for item, _ in expected] + [""] * missing
        np.testing.assert_allclose(
            answer["score"][place],
            [score for _, score in expected] + [NO_SCORE] * missing,
            rtol=1e-5,
        )
    # Bought items are included if the request does not exclude them.
    shoes = [catalogue.item_ids[item] for item in bought_by(catalogue, 1)]
    assert set(shoes) & set(answer["item_id"][1])


def test_one_row_is_answered_as_many_are(world, answers):
    bob = everyone(world.catalogue).index("bob")
    np.testing.assert_array_equal(
        answers["one"]["item_id"][0], answers["top_dvbpr"]["item_id"][bob]
    )


def test_more_rows_than_a_batch_holds_are_answered_each_by_its_own_k(world, answers):
    """200 rows are split into batches of 64, whose lists have different lengths."""
    answer = answers["many"]
    assert answer["item_id"].shape == (200, 20)
    whole = answers["top_dvbpr"]["item_id"]
    bob = everyone(world.catalogue).index("bob")
    for row in range(200):
        user = bob if row % 8 == 7 else row % 8
        k = [2, 5, 1, 20, 3, 4, 6, 7][row % 8]
        length = min(k, 5)
        assert answer["item_id"][row, :length].tolist() == whole[user, :length].tolist()
        assert (answer["item_id"][row, k:] == "").all()


def test_embeds_new_pictures_as_in_training(world, answers, new_picture):
    files = [*(world.catalogue.picture_files[i] for i in range(3)), new_picture]
    pictures = tf.stack([scale(decode_picture(file, (32, 32))) for file in files])
    embedding = answers["picture"]["embedding"]
    np.testing.assert_allclose(embedding, world.dvbpr.model.encoder(pictures), rtol=1e-5, atol=1e-6)
    # The catalogue's own pictures have the vectors of the run.
    np.testing.assert_allclose(embedding[:3], world.dvbpr.vectors.items[:3], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("model", WITH_PICTURES)
def test_scores_pictures_that_are_no_items(world, answers, new_picture, model):
    run = getattr(world, model)
    embedding = run.model.encoder(scale(decode_picture(new_picture, (32, 32)))[None])[0].numpy()
    user_embedding = run.model.user_embedding(tf.constant([world.catalogue.user_index("eve")]))[
        0
    ].numpy()
    answer = answers[f"score_picture_{model}"]
    assert answer["score"][0] == pytest.approx(user_embedding @ embedding, rel=1e-4)
    assert answer["score"][1] == NO_SCORE
    assert answer["known_user"].tolist() == [True, False]


@pytest.mark.parametrize("model", WITH_PICTURES)
def test_similar_items_are_those_of_visrank(world, answers, new_picture, model):
    catalogue, run = world.catalogue, getattr(world, model)
    embeddings = run.model.encoder(world.pictures).numpy()
    picture = scale(decode_picture(new_picture, (32, 32)))[None]
    asked = np.concatenate([embeddings[:3], run.model.encoder(picture).numpy()])
    visrank = VisRank(1, 20, embeddings.shape[1])
    visrank.adapt(embeddings, np.array([[0, 0]]))
    centered = asked - embeddings.mean(axis=0)
    centered /= np.linalg.norm(centered, axis=1, keepdims=True)
    cosines = centered @ visrank.scoring_vectors().items.T
    answer = answers[f"similar_{model}"]
    assert answer["item_id"].shape == (4, 20)
    for row, k, ids, similarity in zip(
        cosines, [1, 3, 20, 5], answer["item_id"], answer["similarity"], strict=True
    ):
        order = np.argsort(-row, kind="stable")[:k]
        assert ids[:k].tolist() == catalogue.item_ids[order].tolist()
        np.testing.assert_allclose(similarity[:k], row[order], atol=1e-5)
        assert (ids[k:] == "").all() and (similarity[k:] == NO_SCORE).all()
    # An item of the catalogue is most similar to itself.
    assert answer["item_id"][:3, 0].tolist() == catalogue.item_ids[:3].tolist()


def test_newcomers_are_made_from_what_they_bought(world, answers, scores):
    catalogue, vectors = world.catalogue, world.full.vectors
    answer = answers["newcomer"]
    assert answer["known_items"].tolist() == [3, 1, 0]
    assert answer["item_id"].shape == (3, 20)
    for place, (history, k) in enumerate([([0, 7, 3], 4), ([5], 20)]):
        newcomer = world.full.newcomer_vector(np.array(history))
        row = vectors.items @ newcomer + vectors.biases
        expected = best(catalogue, row, history, k)
        count = len(expected)
        assert answer["item_id"][place].tolist() == [i for i, _ in expected] + [""] * (20 - count)
        np.testing.assert_allclose(
            answer["score"][place, :count], [score for _, score in expected], rtol=1e-4, atol=1e-5
        )
        assert (answer["score"][place, count:] == NO_SCORE).all()
    # A row without known purchases gets the most popular items.
    popular = best(catalogue, scores["full"][6], [], 3, CATEGORIES[2])
    assert answer["item_id"][2, :3].tolist() == [item for item, _ in popular]
    assert (answer["item_id"][2, 3:] == "").all()


def test_only_models_with_histories_serve_newcomers(all_answers):
    for version, serves in {"1": False, "2": True, "3": True}.items():
        signatures = all_answers[f"recommender/{version}"]["signatures"]
        assert ("recommend_newcomer" in signatures) == serves


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hats", ["category is not known: Hats"]),
        ("giant", [f"k must be from 1 to {MAX_K}; row 1 has {MAX_K + 1}"]),
        ("k_of_0", [f"k must be from 1 to {MAX_K}; row 0 has 0"]),
        ("empty", ["must have from 1 to 1024 rows, each as many; there are 0, 0, 0, 0"]),
        ("ragged", ["user_id, k, category, exclude_seen must have", "there are 2, 1, 2, 2"]),
        ("flood", ["must have from 1 to 1024 rows, each as many; there are 1025, 1025"]),
        ("album", ["image_bytes must have from 1 to 64 rows; there are 65"]),
        ("broken", ["image_bytes must be undamaged JPEG files", "not so in row 1, 3"]),
        ("all_broken", ["not so in row 0"]),
        ("bomb", ["PNG files of at most 8,388,608; not so in row 0"]),
        ("no_pictures", ["image_bytes must have from 1 to 64 rows; there are 0"]),
    ],
)
def test_mistakes_are_named(answers, name, words):
    message = str(answers[name]["error"])
    assert all(word in message for word in words), message
