"""A mistake of the user ends in one line that names it, and in exit code 1."""

import json
import shutil

import pytest


@pytest.fixture(scope="module")
def poprank(chain, succeed, tmp_path_factory):
    out = tmp_path_factory.mktemp("mistakes") / "poprank"
    succeed("train", "poprank", chain.catalogue, "--out", out)
    return out


@pytest.fixture
def refused(call):
    """Runs a command that must fail and returns the error on stderr."""

    def refused(*arguments):
        result = call(*arguments)
        assert result.exit_code == 1, (result.output, result.exception)
        assert result.stdout == ""
        lines = result.stderr.splitlines()
        errors = [line for line in lines if line.startswith("Error: ")]
        assert errors == lines[-1:], result.stderr
        # Before it there may be the summary and the progress of the work, but no stack trace.
        before = ("columns: ", "catalogue ", "  left out", "split: ", "Pictures: ", "decode to ")
        before += ("category classifier", "trains on ")
        assert all(line.startswith(before) for line in lines[:-1] if line), result.stderr
        return errors[0]

    return refused


def test_unknown_users_and_categories(chain, refused):
    message = refused("recommend", chain.dvbpr, "--user", "0033")
    assert "no user '0033'" in message and "0003" in message
    message = refused("recommend", chain.dvbpr, "--user", "0003", "--category", "Shoe")
    assert "no category 'Shoe'" in message and "Shoes" in message


def test_a_user_with_too_few_items(chain, refused):
    assert "2 item(s)" in refused("recommend", chain.dvbpr, "--user", "0009")


def test_what_is_no_catalogue(refused, tmp_path):
    message = refused("train", "dvbpr", tmp_path, "--out", tmp_path / "run")
    assert "not a prepared catalogue" in message and "keras_fashion.data.prepare" in message
    assert not (tmp_path / "run").exists()


def test_a_run_folder_in_use(chain, refused):
    before = (chain.dvbpr / "config.json").read_bytes()
    message = refused("train", "poprank", chain.catalogue, "--out", chain.dvbpr)
    assert str(chain.dvbpr) in message and "--out" in message
    assert (chain.dvbpr / "config.json").read_bytes() == before


def test_a_catalogue_folder_in_use(chain, refused, prepare_arguments):
    assert str(chain.catalogue) in refused(*prepare_arguments, "--out", chain.catalogue)
    assert str(chain.catalogue) in refused("prepare", "atelier", "--out", chain.catalogue)


def test_a_missing_column_with_a_suggestion(refused, prepare_arguments, tmp_path):
    arguments = [
        "custmer_id" if argument == "customer_id" else argument for argument in prepare_arguments
    ]
    message = refused(*arguments, "--out", tmp_path / "out")
    assert "'custmer_id'" in message and "did you mean 'customer_id'" in message
    assert "--user-column" in message
    assert list(tmp_path.iterdir()) == []


def test_refuse_names_the_first_record_that_cannot_be_used(refused, prepare_arguments, tmp_path):
    message = refused(*prepare_arguments, "--out", tmp_path / "out", "--on-bad", "refuse")
    assert "items.csv row 26" in message and "0999" in message
    assert list(tmp_path.iterdir()) == []


def test_runs_in_the_wrong_order_or_of_the_wrong_kind(chain, poprank, refused, tmp_path):
    wanted = ("--user", "0003", "--category", "Tops", "--out", tmp_path / "out")
    for first, second in ((chain.gan, chain.dvbpr), (chain.dvbpr, chain.dvbpr)):
        for command in (
            ("design", first, second, *wanted),
            ("report", first, second, "--out", tmp_path / "report.html"),
            ("export", first, second, "--out", tmp_path / "out"),
        ):
            message = refused(*command)
            wrong = first if first == chain.gan else second
            assert str(wrong) in message
            assert "recommender" in message or ("dvbpr" in message and "gan" in message)
        assert list(tmp_path.iterdir()) == []
    assert "poprank" in refused("design", poprank, chain.gan, *wanted)
    assert "poprank" in refused("export", poprank, chain.gan, "--out", tmp_path / "out")
    for command in (("evaluate",), ("recommend", "--user", "0003"), ("export",)):
        message = refused(command[0], chain.gan, *command[1:])
        assert "not the run of a recommender" in message
    assert "not a run folder" in refused("evaluate", chain.catalogue)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0001,nothing,train", "no such item"),
        ("ann,0100,train", "no such user"),
        ("0001,0100,training", "a part is train, valid or test"),
    ],
)
def test_a_split_with_a_bad_line(chain, refused, tmp_path, row, message):
    path = tmp_path / "split.csv"
    path.write_text(f"user,item,part\n0001,0101,train\n{row}\n")
    line = refused(*("train", "bprmf", chain.catalogue, "--out", tmp_path / "run", "--split", path))
    assert message in line and "line 3" in line and "split.csv" in line
    assert not (tmp_path / "run").exists()


def test_options_out_of_range(chain, refused, tmp_path):
    train = ("train", "gan", chain.catalogue, "--out", tmp_path / "run")
    assert "--batch-size" in refused(*train, "--batch-size", 99)
    assert "divisible by 16" in refused(*train, "--batch-size", 8, "--picture-size", 40)
    assert not (tmp_path / "run").exists()


def test_a_catalogue_that_has_changed_since(chain, refused, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(chain.dvbpr, run)
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | {"fingerprint": "f" * 64}))
    assert "another catalogue" in refused("evaluate", run)
    (run / "config.json").write_text(json.dumps(config | {"catalogue": str(tmp_path / "gone")}))
    assert "gone" in refused("evaluate", run)


def test_categories_too_small_for_a_report(chain, refused, tmp_path, monkeypatch):
    monkeypatch.setattr("keras_fashion.evaluation.generation.TOP", 9)  # each has 8 items
    message = refused("report", chain.dvbpr, chain.gan, "--out", tmp_path / "report.html")
    assert "category of 9 or more items" in message


def test_a_damaged_model(chain, refused, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(chain.dvbpr, run)
    (run / "model.keras").write_bytes(b"half a")
    message = refused("export", run, "--out", tmp_path / "out")
    assert "model.keras is damaged" in message and "train it again" in message
