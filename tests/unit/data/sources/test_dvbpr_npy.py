import hashlib
import io
import json
import os
import pickle
import runpy
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from keras_fashion.app.cli.main import main
from keras_fashion.data import Catalogue, prepare, read_split
from keras_fashion.data.sources.dvbpr.npy import DVBPRNpy
from keras_fashion.errors import InputError

HERE = Path(__file__).parent
WRITER = HERE.parents[2] / "support" / "write_dvbpr_npy.py"
LAYOUTS = ("fashion", "men", "tradesy")
WRITTEN = runpy.run_path(str(WRITER), run_name="not main")
CATEGORIES = {
    "fashion": [f"category-{place}" for place in WRITTEN["ONE_HOT"]],
    "men": [
        "Clothing > Shirts",
        "Shoes > Boots",
        "Shoes > Boots",
        "Watches",
        "Men",
        "uncategorized",
        "Café",
    ],
    "tradesy": ["uncategorized"] * 7,
}


def python_2():
    """A Python 2 with NumPy, where there is one."""
    for name in ("python2.7", "python2"):
        if path := shutil.which(name):
            tried = subprocess.run([path, "-c", "import numpy"], capture_output=True)
            if tried.returncode == 0:
                return path
    return None


def released(layout):
    """A file as Python 2.7 wrote it."""
    return HERE / "dvbpr" / f"{layout}.npy"


def save(path, six, **options):
    """Writes a file as today's NumPy does."""
    array = np.empty(6, object)
    array[:] = six
    np.save(path, array, **options)
    return path


def six(**changed):
    """The six objects of a small file, of which some are replaced."""
    objects = dict(
        zip(
            ("train", "valid", "test", "items", "users", "count"),
            WRITTEN["contents"]("tradesy"),
            strict=True,
        )
    )
    return list((objects | changed).values())


def listed(source):
    return source.items(None, None), source.interactions()


def pairs(interactions):
    return set(interactions[["user", "item"]].astype(int).itertuples(index=False, name=None))


@pytest.mark.skipif(python_2() is None, reason="no Python 2 with NumPy on PATH")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_fixtures_are_what_python_2_writes(tmp_path, layout):
    subprocess.run([python_2(), "-B", str(WRITER), layout, str(tmp_path)], check=True)
    assert (tmp_path / f"{layout}.npy").read_bytes() == released(layout).read_bytes()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_numpy_reads_is_listed(layout):
    # NumPy's own reader is safe here: the fixtures are ours.
    train, valid, test, items, _, _ = np.load(released(layout), allow_pickle=True, encoding="bytes")
    source = DVBPRNpy(released(layout))
    table, interactions = listed(source)
    read_picture = pickle.loads(pickle.dumps(source.read_picture))
    assert table["item"].tolist() == [str(item) for item in sorted(items)]
    assert [read_picture(picture) for picture in table["picture"]] == [
        items[item][b"imgs"] for item in sorted(items)
    ]
    assert pairs(interactions) == {
        (user, entry[b"productid"])
        for part in (train, valid, test)
        for user, entries in part.items()
        for entry in entries
    }
    assert table["category"].tolist() == CATEGORIES[layout]


@pytest.mark.parametrize("encoding", ["bytes", "latin1"])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_python_3_has_saved_again_is_the_same(tmp_path, layout, protocol, encoding):
    value = np.load(released(layout), allow_pickle=True, encoding=encoding)
    with open(tmp_path / "again.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(
            file, np.lib.format.header_data_from_array_1_0(np.empty(6, object))
        )
        pickle.dump(value, file, protocol)
    first, again = DVBPRNpy(released(layout)), DVBPRNpy(tmp_path / "again.npy")
    (items, interactions), (same_items, same_interactions) = listed(first), listed(again)
    pd.testing.assert_frame_equal(interactions, same_interactions)
    pd.testing.assert_frame_equal(items.drop(columns="picture"), same_items.drop(columns="picture"))
    assert list(map(first.read_picture, items["picture"])) == list(
        map(again.read_picture, same_items["picture"])
    )


def test_lists_and_bare_numbers_will_do(tmp_path):
    parts = {"train": [[0, 1], [2]], "valid": [[np.int64(3)], []], "test": [[4], [np.uint8(0)]]}
    items = [{"imgs": WRITTEN["picture"](item)} for item in range(5)]
    path = save(tmp_path / "lists.npy", six(**parts, items=items, users=2, count=np.int64(5)))
    table, interactions = listed(DVBPRNpy(path))
    assert table["item"].tolist() == list("01234")
    assert pairs(interactions) == {(0, 0), (0, 1), (1, 2), (0, 3), (0, 4), (1, 0)}


def test_ids_sort_as_the_numbers_of_the_file_do(tmp_path):
    items = {item: {"imgs": b"x"} for item in reversed(range(101))}
    train = {user: [{"productid": user * 9}] for user in range(11)}
    path = save(tmp_path / "many.npy", six(train=train, items=items, users=11, count=101))
    table, interactions = listed(DVBPRNpy(path))
    assert table["item"].tolist() == [f"{item:03d}" for item in range(101)]
    assert interactions["user"].tolist()[:11] == [f"{user:02d}" for user in range(11)]
    assert interactions["item"].tolist()[:11] == [f"{user * 9:03d}" for user in range(11)]


def prepared(path, out):
    facts = prepare(DVBPRNpy(path), out)
    return facts, Catalogue.load(out)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_catalogue_and_the_papers_partition(tmp_path, layout, capsys):
    facts, catalogue = prepared(released(layout), tmp_path / "out")
    assert facts["categories"] == sorted(set(CATEGORIES[layout]))
    assert catalogue.user_ids.tolist() == list("0123")
    assert catalogue.item_ids.tolist() == list("0123456")
    for item in range(7):
        data = catalogue.picture_files[item]
        assert data == WRITTEN["picture"](item)
        assert Image.open(io.BytesIO(data)).size == (8, 8)
    split = read_split(tmp_path / "out" / "split.csv", catalogue)
    train, valid, test = (WRITTEN[part] for part in ("TRAIN", "VALIDATION", "TEST"))
    if layout == "tradesy":
        valid = {user: items for user, items in valid.items() if user != 3}
    for ours, theirs in ((split.train, train), (split.validation, valid), (split.test, test)):
        expected = {(user, item) for user, items in theirs.items() for item in items}
        assert set(map(tuple, ours.tolist())) == expected
        assert len(ours) == len(expected)
    assert len(catalogue.interactions) == 8 + sum(map(len, [*valid.values(), *test.values()]))
    assert "split.csv: 8 training" in capsys.readouterr().err


def test_where_the_partition_and_a_split_cannot_agree(tmp_path, capsys):
    def entries(**items_of):
        return {int(u[1:]): [{"productid": i} for i in items] for u, items in items_of.items()}

    path = save(
        tmp_path / "odd.npy",
        six(
            train=entries(u0=[0, 1], u1=[2, 3], u2=[4], u3=[5, 6, 6]),
            valid=entries(u0=[1], u1=[4], u2=[4], u3=[0, 1]),
            test=entries(u0=[2], u1=[4], u2=[5], u3=[2]),
        ),
    )
    facts, catalogue = prepared(path, tmp_path / "out")
    assert facts["interactions"] == 13
    rows = pd.read_csv(tmp_path / "out" / "split.csv", dtype=str)
    assert rows.to_numpy().tolist() == [
        ["0", "0", "train"],
        ["0", "1", "valid"],
        ["0", "2", "test"],
        ["1", "2", "train"],
        ["1", "3", "train"],
        ["1", "4", "test"],
        ["3", "5", "train"],
        ["3", "6", "train"],
        ["3", "0", "valid"],
        ["3", "2", "test"],
    ]
    assert len(read_split(tmp_path / "out" / "split.csv", catalogue).train) == 5
    said = capsys.readouterr().err
    assert "1 further held-out interaction(s)" in said
    assert "3 interaction(s) in several parts" in said
    assert "2 interaction(s) of users without one in training" in said


def test_a_picture_that_does_not_decode_leaves_a_split_that_can_be_read(tmp_path, capsys):
    items = WRITTEN["contents"]("tradesy")[3]
    items[5]["imgs"] = items[5]["imgs"][:100]
    items[3]["imgs"] = None
    path = save(tmp_path / "broken.npy", six(items=items))
    facts, catalogue = prepared(path, tmp_path / "out")
    assert facts["items"] == 5
    split = read_split(tmp_path / "out" / "split.csv", catalogue)
    assert len(split.train) + len(split.validation) + len(split.test) == facts["interactions"]
    assert "interaction(s) that the catalogue left out" in capsys.readouterr().err


def test_counts_are_compared_with_those_known(tmp_path, capsys):
    path = tmp_path / "AmazonMenWithImgPartitioned.npy"
    shutil.copy(released("men"), path)
    listed(DVBPRNpy(path))
    said = capsys.readouterr().err
    assert "warning: not what others counted in AmazonMenWithImgPartitioned.npy" in said
    for number in ("4 users", "34,244", "7 items", "110,636", "8 train", "186,339"):
        assert number in said
    assert "254,870" in said and "has 50 categories, here 5" in said
    listed(DVBPRNpy(released("tradesy")))
    assert "none of the paper's four files" in capsys.readouterr().err


def test_a_file_cut_short_is_refused(tmp_path):
    whole = released("men").read_bytes()
    for size in (0, 5, 60, 200, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.npy").write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"cut\.npy"):
            listed(DVBPRNpy(tmp_path / "cut.npy"))
    with pytest.raises(InputError, match="No such file"):
        DVBPRNpy(tmp_path / "none.npy")
    with pytest.raises(InputError, match="is a directory|Is a directory"):
        DVBPRNpy(tmp_path)


def test_a_file_that_changes_under_our_hands(tmp_path):
    path = tmp_path / "short.npy"
    shutil.copy(released("men"), path)
    source = DVBPRNpy(path)
    picture = source.items(None, None)["picture"].iloc[5]
    os.truncate(path, 1000)
    with pytest.raises(ValueError, match="become shorter"):
        source.read_picture(picture)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"users": "4"}, "not numbers"),
        ({"items": None}, "the items are neither"),
        ({"train": {"a": []}, "users": None}, "not numbers"),
        ({"train": {-1: []}}, "the train interactions are neither"),
        ({"valid": {0: 7}}, "user 0 has no list of valid interactions"),
        ({"test": {2: [{"asin": "B"}]}}, "a test interaction of user 2"),
        ({"test": {2: [{"productid": 1.5}]}}, "a test interaction of user 2"),
        ({"train": {2: [np.zeros(100)]}}, "a train interaction of user 2"),
        ({"train": {2: np.zeros(100)}}, "800 bytes"),
    ],
)
def test_other_layouts_are_refused(tmp_path, changed, message):
    path = save(tmp_path / "other.npy", six(**changed))
    with pytest.raises(InputError, match=message) as refusal:
        listed(DVBPRNpy(path))
    assert str(path) in str(refusal.value)


def test_arrays_of_other_things_are_refused(tmp_path):
    np.save(tmp_path / "numbers.npy", np.zeros(6))
    np.save(tmp_path / "five.npy", np.array([{}] * 5))
    (tmp_path / "text.npy").write_text("user,item\n")
    (tmp_path / "header.npy").write_bytes(b"\x93NUMPY\x01\x00\xff\x7f" + b"(" * 40_000)
    for name in ("numbers", "five", "text", "header"):
        with pytest.raises(InputError, match=f"{name}.npy is not one of DVBPR's files"):
            DVBPRNpy(tmp_path / f"{name}.npy")


def test_lists_shared_by_many_users_are_not_unrolled(tmp_path):
    entries = [{"productid": 0}] * 20_000
    path = save(tmp_path / "bomb.npy", six(train=dict.fromkeys(range(20_000), entries)))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(InputError, match="more train interactions than it has bytes"):
        listed(DVBPRNpy(path))


def test_nested_lists_in_a_category_are_not_unrolled(tmp_path):
    laughs = [1.0]
    for _ in range(60):
        laughs = [laughs] * 10
    items = {0: {"imgs": b"x", "c": laughs}, 1: {"imgs": b"x", "categories": laughs}}
    path = save(tmp_path / "laughs.npy", six(items=items))
    table, _ = listed(DVBPRNpy(path))
    assert table["category"].tolist() == ["uncategorized"] * 2


def test_a_hostile_file_is_not_run(tmp_path):
    class Touch:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'canary'}",)

    path = save(tmp_path / "hostile.npy", six(items={0: Touch()}))
    result = CliRunner().invoke(main, ["prepare", "dvbpr", str(path), "--out", f"{tmp_path}/out"])
    assert result.exit_code == 1
    assert "system" in result.stderr and "nothing in it was run" in result.stderr
    assert not (tmp_path / "canary").exists()
    assert not (tmp_path / "out").exists()
    np.load(path, allow_pickle=True)
    assert (tmp_path / "canary").exists()


def test_the_command(tmp_path):
    digests = set()
    for name in ("men", "again"):
        out = tmp_path / name
        command = ["prepare", "dvbpr", str(released("men")), "--out", str(out)]
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output
        assert "7 items in 6 categories, 4 users, 16 interactions" in result.stdout
        assert json.loads((out / "catalogue.json").read_text())["name"] == name
        digests.add(hashlib.sha256((out / "split.csv").read_bytes()).hexdigest())
    assert len(digests) == 1  # in a process of its own too: tests/integration
