import gzip
import json
import os

import pytest

from keras_fashion.data.sources.amazon import json_lines as module
from keras_fashion.data.sources.amazon.json_lines import read_json_lines
from keras_fashion.errors import InputError


class Skipped(list):
    def __call__(self, *record):
        self.append(record)


def read(path, content, **options):
    path.write_bytes(content)
    skipped = Skipped()
    return list(read_json_lines(path, skipped, **options)), skipped


@pytest.fixture(params=["plain", "gzip"])
def pack(request):
    return bytes if request.param == "plain" else gzip.compress


def test_json_and_loose_json(tmp_path, pack):
    content = (
        b'{"a": 1}\n\n' + b"{'a': \"it's\", 'b': [True, None, {'c': 1.5}]}\n  \n" + b'{"a": 2}'
    )
    records, skipped = read(tmp_path / "f", pack(content))
    assert records == [
        (1, {"a": 1}),
        (3, {"a": "it's", "b": [True, None, {"c": 1.5}]}),
        (5, {"a": 2}),
    ]
    assert not skipped


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": 1',
        b"[1, 2]",
        b"nonsense",
        b'"text"',
        b'{"a": "\xff"}',
        b"\xff\xfe{\0}\0",
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"{'a': 1",
        b"{'a': __import__('os').system('touch hacked')}",
        b"{'a': open('hacked', 'w')}",
        b"{'a'}",
        b"{'a': [0] * 10**9}",
        b"{'a': " + b"(" * 5000 + b")" * 5000 + b"}",
        b"{'a': " + b"-" * 100_000 + b"1}",
        b"{'a': " + b"1+" * 100_000 + b"1}",
        b"{'a': " + b"9" * 100_000 + b"}",
        b"{'a': x" + b".y" * 100_000 + b"}",
        b"{'a': '\0'}",
        b"{'a': {{}: 1}}",
        b"{'a': f'{1}'}",
    ],
    ids=lambda line: repr(line[:30]),
)
def test_a_line_that_is_no_record_is_left_out(tmp_path, line, monkeypatch):
    monkeypatch.chdir(tmp_path)
    records, skipped = read(tmp_path / "f.json", b'{"a": 1}\n' + line + b'\n{"a": 2}\n')
    assert records == [(1, {"a": 1}), (3, {"a": 2})]
    assert [each[:2] for each in skipped] == [("line is not JSON", "f.json line 2")]
    assert len(skipped[0][2]) <= 80 * 4
    assert os.listdir(tmp_path) == ["f.json"]


def test_a_line_without_end_is_not_held_in_memory(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(module, "LONGEST_LINE", 100)
    long = json.dumps({"a": "x" * 1000}).encode()
    exact = json.dumps({"a": "x" * 91}).encode()
    assert len(exact) == 100
    content = b'{"a": 1}\n' + long + b"\n" + exact[:-3] + b'"}\n{"a": 2}\n' + long
    records, skipped = read(tmp_path / "f", pack(content))
    assert [number for number, _ in records] == [1, 3, 4]
    assert [each[:2] for each in skipped] == [
        ("line is too long", "f line 2"),
        ("line is too long", "f line 5"),
    ]


@pytest.mark.parametrize("length", [3, 12, 40, -1])
def test_damaged_gzip(tmp_path, length):
    packed = gzip.compress(b'{"a": 1}\n' * 1000 + os.urandom(100))
    with pytest.raises(InputError, match="damaged or incomplete"):
        read(tmp_path / "f.gz", packed[:length])
    damaged = bytearray(packed)
    damaged[len(packed) // 2] ^= 255
    with pytest.raises(InputError, match="damaged or incomplete"):
        read(tmp_path / "f.gz", bytes(damaged))


def test_what_is_no_file(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match="cannot be read"):
            list(read_json_lines(path, Skipped()))


def test_lines_that_are_not_wanted_are_not_looked_at(tmp_path):
    content = b'{"a": 1}\nnonsense\n{"a": 2}\n'
    records, skipped = read(tmp_path / "f", content, is_wanted=lambda line: line.startswith(b"{"))
    assert len(records) == 2 and not skipped
