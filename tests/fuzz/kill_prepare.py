"""Kills `prepare` at random moments: the target is absent or whole, and a second run finishes.

    python tests/fuzz/kill_prepare.py --kills 20 --seed 0

The moments are spread over all that an undisturbed run does, from when it has made its temporary
folder (before, it imports TensorFlow) to its end. After each kill the same command is run again;
its catalogue must be that of the undisturbed run, with nothing beside it.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parent))

import io

from odd_pictures import encoded
from PIL import Image

ITEMS = 2000


def write_shop(folder: Path, items: int) -> None:
    """A compressed tar, so that there is something to unpack, of pictures that take a while."""
    rng = np.random.default_rng(0)
    ids = [f"{number:05d}" for number in range(items)]
    with tarfile.open(folder / "images.tar.gz", "w:gz", compresslevel=1) as archive:
        for item in ids:
            pixels = rng.integers(0, 65_536, (96, 64), dtype=np.uint16)
            data = encoded(Image.fromarray(pixels), "PNG")  # of 16 bits: to be converted
            member = tarfile.TarInfo(f"{item}.png")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    rows = [f"{item},{('Shoes', 'Bags')[at % 2]}" for at, item in enumerate(ids)]
    (folder / "items.csv").write_text("\n".join(["item,category", *rows]))
    bought = rng.integers(0, (500, items), (4 * items, 2))
    rows = [f"u{user},{ids[item]}" for user, item in bought]
    (folder / "log.csv").write_text("\n".join(["user,item", *rows]))


def start(folder: Path, out: Path) -> subprocess.Popen:
    """The command, in a process of its own."""
    arguments = ["prepare", "shop", "--interactions", folder / "log.csv"]
    arguments += ["--items", folder / "items.csv", "--images", folder / "images.tar.gz"]
    code = "import sys; from keras_fashion.app.cli.main import main; main(sys.argv[1:])"
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments), "--out", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def finish(folder: Path, out: Path) -> float | None:
    """Runs the command; returns how long it was from its first trace to the catalogue."""
    process = start(folder, out)
    began = _begun(process, out)
    aside = out.with_name(f".{out.name}.preparing")
    while process.poll() is None and (aside.exists() or not out.exists()):
        time.sleep(0.002)
    lasted = time.monotonic() - began
    return None if process.wait() else lasted


def fingerprint(out: Path) -> str:
    """Of a catalogue that loads and whose every picture decodes."""
    import tensorflow as tf

    from keras_fashion.data import Catalogue

    catalogue = Catalogue.load(out)
    for item in range(len(catalogue.item_ids)):
        tf.io.decode_image(catalogue.picture_files[item])
    return json.loads((out / "catalogue.json").read_text())["fingerprint"]


def kill(kills: int, seed: int, items: int = ITEMS) -> list[str]:
    """Prints a line a kill; returns what was violated."""
    folder = Path(tempfile.mkdtemp(prefix="kill-"))
    try:
        write_shop(folder, items)
        undisturbed = folder / "undisturbed" / "shop"
        lasts = finish(folder, undisturbed)
        if lasts is None:
            return ["the undisturbed run failed"]
        expected = fingerprint(undisturbed)
        print(f"undisturbed: {lasts:.1f} s for {items:,} items")
        print(f"{'killed after':>14}  {'then there is':44}  second run")
        violations = []
        rng = np.random.default_rng(seed)
        for at, part in enumerate((np.arange(kills) + rng.random(kills)) / kills):
            out = folder / f"{at}" / "shop"
            process = start(folder, out)
            begin = _begun(process, out)
            after = part * lasts
            time.sleep(max(0, begin + after - time.monotonic()))
            process.send_signal(signal.SIGKILL)
            ended = process.wait() == 0
            left = _left(out)
            wrong = "" if not out.exists() or fingerprint(out) == expected else "half a catalogue"
            if ended and not out.exists():
                wrong = "it ended well, but there is nothing"
            if out.exists():
                shutil.rmtree(out)
            again = finish(folder, out)
            if not wrong and again is None:
                wrong = "the second run failed"
            lasts = again or lasts  # a machine may grow slower or quicker
            if not wrong and fingerprint(out) != expected:
                wrong = "the second run made another catalogue"
            if not wrong and [path.name for path in out.parent.iterdir()] != ["shop"]:
                wrong = f"left over: {_left(out)}"
            print(f"{after:12.2f} s  {left:44}  {wrong or 'the same catalogue'}", flush=True)
            if wrong:
                violations.append(f"kill {at} of seed {seed}, after {part:.0%}: {wrong}")
            shutil.rmtree(out.parent, ignore_errors=True)
        return violations
    finally:
        shutil.rmtree(folder)


def _begun(process: subprocess.Popen, out: Path) -> float:
    """Waits until there is something to see of it, and returns when that was."""
    before = set(out.parent.glob(".*/*"))  # of a run that was killed
    while process.poll() is None and set(out.parent.glob(".*/*")) == before:
        time.sleep(0.002)
    return time.monotonic()


def _left(out: Path) -> str:
    if not out.parent.exists():
        return "nothing"
    names = sorted(path.name for path in out.parent.iterdir())
    inside = sum(path.is_file() for path in out.parent.rglob("*"))
    return f"{', '.join(names)} ({inside} files)" if names else "nothing"


def main() -> int:
    """Returns 1 if something was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    violations = kill(options.kills, options.seed)
    print(f"{options.kills} kills: {len(violations)} violations", *violations, sep="\n")
    return 1 if violations else 0


if __name__ == "__main__":
    from keras_fashion.app.cli.startup import quiet_tensorflow

    quiet_tensorflow()
    sys.exit(main())
