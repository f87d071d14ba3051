import bz2
import gzip
import io
import lzma
import os
import pickle
import struct
import subprocess
import tarfile
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from keras_fashion.data.sources import bounded_stream
from keras_fashion.data.sources.shop import picture_readers
from keras_fashion.data.sources.shop.picture_archive import list_pictures, some_picture_paths
from keras_fashion.errors import InputError

CONTENT = {
    "0301.png": b"third",
    "deep/er/0108.JPG": b"first" * 400,
    "deep/0205.jpeg": b"",
    "README.txt": b"not a picture",
}


@pytest.fixture
def listed(tmp_path):
    """Lists an archive: the bytes of each picture, or the error, and what was skipped."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def listed(images):
        skipped = []
        pictures = list_pictures(images, lambda *record: skipped.append(record), scratch)
        read = pickle.loads(pickle.dumps(pictures.read))
        content = {}
        for path, reference in zip(pictures.paths, pictures.references, strict=True):
            assert len(pickle.dumps(reference)) < 200
            try:
                content[path] = read(reference)
            except (OSError, ValueError) as error:
                content[path] = error
        return content, skipped

    return listed


def tar_of(path, *members, **options):
    """A tar of (TarInfo, bytes); the size is the bytes' unless the member has one."""
    with tarfile.open(path, "w", **options) as archive:
        for member, data in members:
            member.size = member.size or len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def entry(name, **attributes):
    member = tarfile.TarInfo(name)
    for attribute, value in attributes.items():
        setattr(member, attribute, value)
    return member


def zip_of(path, *members):
    """A zip of (name or ZipInfo, bytes)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of duplicate names
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in members:
                archive.writestr(name, data)
    return path


def write_folder(path, content):
    for name, data in content.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


PICTURES = {name: data for name, data in sorted(CONTENT.items()) if name != "README.txt"}


def test_every_way_to_pack_gives_the_same_sorted_pictures(tmp_path, listed):
    folder = write_folder(tmp_path / "folder", CONTENT)
    plain = tar_of(tmp_path / "plain.tar", *((entry(n), d) for n, d in CONTENT.items()))
    packed = [folder, plain]
    for pack in (gzip, bz2, lzma):
        packed.append(tmp_path / f"tar.{pack.__name__}")
        packed[-1].write_bytes(pack.compress(plain.read_bytes()))
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        packed.append(tmp_path / f"{method}.zip")
        with zipfile.ZipFile(packed[-1], "w", method) as archive:
            for name, data in reversed(CONTENT.items()):
                archive.writestr(name, data)
    dotted = tmp_path / "dotted.tar"
    subprocess.run(["tar", "-cf", dotted, "-C", folder, "."], check=True)
    for images in (*packed, dotted):
        content, skipped = listed(images)
        assert (content, skipped) == (PICTURES, []), images
        assert list(content) == list(PICTURES)
        assert sorted(some_picture_paths(images, 9)) == list(PICTURES)
        assert len(some_picture_paths(images, 2)) == 2


def test_long_names_and_sizes_of_gnu_and_pax(tmp_path, listed):
    name = "a" * 90 + "/" + "b" * 150 + "ü.jpg"
    for style in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        path = tar_of(tmp_path / "long.tar", (entry(name), b"one"), (entry("2.png"), b"two"))
        assert listed(path) == ({"2.png": b"two", name: b"one"}, []), style

    # The size of the header says 0, that of the PAX record before it is what counts.
    overridden = entry("1.jpg", pax_headers={"size": "3"})
    data = overridden.tobuf(tarfile.PAX_FORMAT) + b"one".ljust(512, b"\0")
    data += entry("2.jpg", size=3).tobuf() + b"two".ljust(512, b"\0") + bytes(1024)
    (tmp_path / "pax.tar").write_bytes(data)
    assert listed(tmp_path / "pax.tar")[0] == {"1.jpg": b"one", "2.jpg": b"two"}


def test_threads_share_a_reader(tmp_path):
    members = [(entry(f"{n}.jpg"), bytes([n]) * 5000) for n in range(200)]
    path = tar_of(tmp_path / "many.tar", *members)
    pictures = list_pictures(path, pytest.fail, tmp_path)
    with ThreadPoolExecutor(16) as threads:
        read = list(threads.map(pictures.read, pictures.references * 5))
    expected = {f"{n}.jpg": bytes([n]) * 5000 for n in range(200)}
    assert read == [expected[path] for path in pictures.paths] * 5
    descriptors = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    del pictures
    if descriptors:
        assert len(os.listdir("/proc/self/fd")) < descriptors


OUTSIDE = ["../1.jpg", "a/../../1.jpg", "/etc/1.jpg", "C:\\1.jpg", "c:/1.jpg", "..\\1.jpg"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_paths_that_lead_out_are_left_out(tmp_path, listed, name):
    reason = ("path leads out of the archive", name.replace("\\", "/"), "1.jpg")
    for images in (
        tar_of(tmp_path / "x.tar", (entry(name), b"evil"), (entry("2.jpg"), b"good")),
        zip_of(tmp_path / "x.zip", (name, b"evil"), ("2.jpg", b"good")),
    ):
        assert listed(images) == ({"2.jpg": b"good"}, [reason])


def test_slashes_of_windows_are_no_part_of_a_name(tmp_path, listed):
    images = zip_of(tmp_path / "x.zip", ("shop\\summer\\2.jpg", b"good"))
    assert listed(images) == ({"shop/summer/2.jpg": b"good"}, [])


def test_links_and_special_files_are_not_followed(tmp_path, listed):
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"secret")
    kinds = {
        "1.jpg": (tarfile.SYMTYPE, "link is not followed"),
        "2.jpg": (tarfile.LNKTYPE, "link is not followed"),
        "3.jpg": (tarfile.FIFOTYPE, "not a regular file"),
        "4.jpg": (tarfile.CHRTYPE, "not a regular file"),
        "5.jpg": (tarfile.BLKTYPE, "not a regular file"),
    }
    links = [(entry(n, type=kind, linkname=str(secret)), b"") for n, (kind, _) in kinds.items()]
    expected = [(reason, name, name) for name, (_, reason) in kinds.items()]
    images = tar_of(tmp_path / "x.tar", *links, (entry("6.jpg"), b"good"))
    assert listed(images) == ({"6.jpg": b"good"}, expected)
    images = tar_of(tmp_path / "only.tar", *links)
    with pytest.raises(InputError, match="holds no picture.*5 links or other things"):
        listed(images)

    link = zipfile.ZipInfo("1.jpg")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    images = zip_of(tmp_path / "x.zip", (link, str(secret)), ("6.jpg", b"good"))
    assert listed(images) == ({"6.jpg": b"good"}, expected[:1])

    folder = write_folder(tmp_path / "folder", {"6.jpg": b"good"})
    (folder / "1.jpg").symlink_to(secret)
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "3.jpg")
    content, skipped = listed(folder)
    assert content == {"6.jpg": b"good"}
    assert sorted(skipped) == [
        ("link is not followed", "1.jpg", "1.jpg"),
        ("link is not followed", "loop", "loop"),
        ("not a regular file", "3.jpg", "3.jpg"),
    ]


def test_sparse_files_are_left_out(tmp_path, listed):
    hollow = tmp_path / "1.jpg"
    with open(hollow, "wb") as file:
        file.truncate(2**33)  # 8 GiB of nothing
        file.write(b"start")
    (tmp_path / "2.jpg").write_bytes(b"good")
    for style in ("gnu", "pax"):
        images = tmp_path / f"{style}.tar"
        tar = ["tar", "-S", f"--format={style}", "-cf", images, "-C", tmp_path, "1.jpg", "2.jpg"]
        if subprocess.run(tar, capture_output=True).returncode:
            pytest.skip("no GNU tar")
        assert images.stat().st_size < 2**20
        content, skipped = listed(images)
        assert content == {"2.jpg": b"good"}
        assert [reason for reason, _, _ in skipped] == ["not a regular file"]


def test_names_that_are_no_utf8_can_be_printed(tmp_path, listed):
    name = os.fsdecode(b"\xe9.jpg")  # é in latin-1
    images = tar_of(tmp_path / "x.tar", (entry(name), b"x"), (entry(f"../{name}"), b"x"))
    content, skipped = listed(images)
    assert content == {"\\udce9.jpg": b"x"}
    assert skipped[0][1:] == ("../\\udce9.jpg", "\\udce9.jpg")
    folder = write_folder(tmp_path / "folder", {name: b"y"})
    assert listed(folder)[0] == {"\\udce9.jpg": b"y"}


def test_of_duplicate_names_the_order_is_that_of_the_archive(tmp_path):
    for images in (
        tar_of(tmp_path / "x.tar", (entry("1.jpg"), b"first"), (entry("1.jpg"), b"second")),
        zip_of(tmp_path / "x.zip", ("1.jpg", b"first"), ("1.jpg", b"second")),
    ):
        pictures = list_pictures(images, pytest.fail, tmp_path)
        assert pictures.paths == ["1.jpg", "1.jpg"]
        assert [pictures.read(each) for each in pictures.references] == [b"first", b"second"]


def test_large_pictures_are_not_read(tmp_path, listed, monkeypatch):
    monkeypatch.setattr(picture_readers, "MAX_PICTURE_SIZE", 1000)
    data = {"1.jpg": bytes(1001), "2.jpg": bytes(1000)}
    packed = tmp_path / "x.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in data:
            archive.writestr(name, data[name])
    for images in (
        write_folder(tmp_path / "folder", data),
        tar_of(tmp_path / "x.tar", *((entry(n), d) for n, d in data.items())),
        zip_of(tmp_path / "stored.zip", *data.items()),
        packed,
    ):
        content, _ = listed(images)
        assert content["2.jpg"] == data["2.jpg"]
        assert isinstance(content["1.jpg"], ValueError)


def test_a_compressed_tar_that_is_a_bomb_is_refused(tmp_path, listed, monkeypatch):
    monkeypatch.setattr(bounded_stream, "MIN_LIMIT", 2**20)
    images = tmp_path / "bomb.tar.gz"
    images.write_bytes(gzip.compress(bytes(2**25)))  # 32 MiB of 32 KiB
    with pytest.raises(InputError, match="bomb.tar.gz unpacks to more than.*bomb"):
        listed(images)
    assert (tmp_path / "scratch" / "pictures.tar").stat().st_size < 2**23


def test_a_zip_whose_members_share_their_data_is_refused(tmp_path, listed):
    images = zip_of(tmp_path / "x.zip", ("1.jpg", bytes(99)), ("2.jpg", bytes(99)))
    data = bytearray(images.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)  # the second member lies where the first does
    images.write_bytes(data)
    with pytest.raises(InputError, match="x.zip cannot be read.*overlap"):
        listed(images)


def test_encrypted_zips(tmp_path, listed):
    def encrypted(path, names):
        zip_of(path, ("1.jpg", b"x" * 50), ("2.jpg", b"y" * 50))
        data = bytearray(path.read_bytes())
        for name in names:
            data[data.index(name) - 24] |= 1  # flags, in the member's own header
            data[data.rindex(name) - 38] |= 1  # and in the directory
        path.write_bytes(data)
        return path

    with pytest.raises(InputError, match="all.zip is encrypted: unpack it"):
        listed(encrypted(tmp_path / "all.zip", [b"1.jpg", b"2.jpg"]))
    content, _ = listed(encrypted(tmp_path / "one.zip", [b"1.jpg"]))
    assert content["2.jpg"] == b"y" * 50
    assert "encrypted" in str(content["1.jpg"])


def test_zips_by_other_methods_and_from_streams(tmp_path, listed):
    images = tmp_path / "x.zip"
    with zipfile.ZipFile(images, "w") as archive:
        archive.writestr("1.jpg", b"x" * 50, zipfile.ZIP_LZMA)
        archive.writestr("2.jpg", b"y" * 50, zipfile.ZIP_DEFLATED)
    content, _ = listed(images)
    assert "deflate" in str(content["1.jpg"])
    assert content["2.jpg"] == b"y" * 50

    class Pipe(io.BytesIO):  # cannot seek: sizes follow the data, in descriptors
        def seek(self, *_):
            raise OSError

        def tell(self):
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("1.jpg", "w", force_zip64=True) as file:
            file.write(b"x" * 5000)
        archive.writestr("2.jpg", b"y")
    images.write_bytes(pipe.getvalue())
    assert listed(images)[0] == {"1.jpg": b"x" * 5000, "2.jpg": b"y"}


def test_zip64_directories(tmp_path, listed, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    images = zip_of(tmp_path / "x.zip", ("1.jpg", b"one"), ("2.jpg", b"two"))
    monkeypatch.undo()
    assert b"PK\x06\x06" in images.read_bytes()
    assert listed(images)[0] == {"1.jpg": b"one", "2.jpg": b"two"}


def test_a_size_below_zero_does_not_go_round_for_ever(tmp_path, listed):
    header = bytearray(entry("1.jpg").tobuf())
    header[124:136] = b"\xff" * 10 + struct.pack(">h", -512)  # base 256: the header itself again
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "x.tar").write_bytes(bytes(header) * 2 + bytes(1024))
    with pytest.raises(InputError, match="x.tar cannot be read"):
        listed(tmp_path / "x.tar")


def test_every_cut_of_a_tar_is_noticed(tmp_path, listed):
    members = [(entry(f"{n}.jpg"), bytes([n + 1]) * 700) for n in range(3)]
    whole = tar_of(tmp_path / "whole.tar", *members, format=tarfile.PAX_FORMAT).read_bytes()
    ends = [1536, 3072, 4608]  # behind the last byte of each member
    for cut in range(1, len(whole), 97):
        (tmp_path / "cut.tar").write_bytes(whole[:cut])
        if cut >= ends[-1]:  # all is there but the zeros at the end
            assert len(listed(tmp_path / "cut.tar")[0]) == 3
            continue
        with pytest.raises(InputError, match="cut.tar cannot be read"):
            listed(tmp_path / "cut.tar")


def test_a_damaged_header_does_not_end_a_tar_early(tmp_path, listed):
    members = [(entry(f"{n}.jpg"), b"x" * 700) for n in range(3)]
    data = bytearray(tar_of(tmp_path / "x.tar", *members).read_bytes())
    data[1536 + 3] ^= 1
    (tmp_path / "x.tar").write_bytes(data)
    with pytest.raises(InputError, match="damaged at byte 1536"):
        listed(tmp_path / "x.tar")


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_flipped_bits_end_in_an_error_or_in_the_same_bytes(tmp_path, listed, kind):
    rng = np.random.default_rng(0)
    data = {f"{n}.jpg": rng.bytes(300) for n in range(3)}
    if kind == "tar":
        images = tar_of(tmp_path / "x.tar", *((entry(n), d) for n, d in data.items()))
    else:
        images = zip_of(tmp_path / "x.zip", *data.items())
    whole = images.read_bytes()
    noticed = 0
    for _ in range(300):
        flipped = bytearray(whole)
        flipped[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        images.write_bytes(flipped)
        try:
            content, _ = listed(images)
        except InputError:
            noticed += 1
            continue
        if kind == "zip":  # which has checksums
            read = [each for each in content.values() if isinstance(each, bytes)]
            assert all(each in data.values() for each in read)
    assert noticed > 10


def test_what_is_no_archive(tmp_path, listed):
    for name, data in {
        "text.tar": b"hello" * 500,
        "empty.zip": b"",
        "x.gz": gzip.compress(b"x"),
    }.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match=f"{name} cannot be read as a folder, a tar or a zip"):
            listed(tmp_path / name)
        assert some_picture_paths(tmp_path / name, 5) == []
    with pytest.raises(InputError, match="does not exist"):
        listed(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is not a file"):
        listed(tmp_path / "pipe")


def test_a_file_that_shrinks_after_the_listing(tmp_path):
    images = tar_of(tmp_path / "x.tar", (entry("1.jpg"), b"x" * 5000))
    pictures = list_pictures(images, pytest.fail, tmp_path)
    os.truncate(images, 2000)
    with pytest.raises(OSError, match="ends before byte"):
        pictures.read(pictures.references[0])
