"""Damaged inputs through `prepare`: each ends in a whole catalogue or in one sentence.

    python tests/fuzz/fuzz_prepare.py --count 2000 --seed 0

A violation is any other exception, a hang, a catalogue that does not load or has a picture that
TensorFlow does not decode, anything left beside the target, or a leap of the memory. Each is
printed with its number: `--seed S --first N --count 1` repeats it.
"""

import argparse
import contextlib
import faulthandler
import io
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parent))

from inputs import KINDS

from keras_fashion.app.cli.startup import quiet_tensorflow
from keras_fashion.errors import InputError

SECONDS = 20
LEAP = 1.5 * 2**20
"""KiB by which one input may raise the highest memory use; the largest honest picture is 270 MB."""


class Hang(BaseException):
    """Nothing catches it by mistake."""


def one(seed: int, number: int, folder: Path) -> tuple[str, str, str]:
    """Runs one input in an empty folder; returns its kind, the outcome, and what was wrong."""
    from keras_fashion.data import check, prepare

    rng = np.random.default_rng([seed, number])
    kind = list(KINDS)[number % len(KINDS)]
    given, made = folder / "given", folder / "made"
    given.mkdir()
    made.mkdir()
    make_source = KINDS[kind](rng, given)
    only_check = rng.random() < 0.15
    on_bad = "refuse" if rng.random() < 0.15 else "skip"
    before = sorted(given.rglob("*"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    faulthandler.dump_traceback_later(3 * SECONDS, exit=True)  # a hang outside of Python
    outcome, wrong = "refused", ""
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            if only_check:
                check(make_source(), "checked", on_bad)
                outcome = "checked"
            else:
                prepare(make_source(), made / "catalogue", on_bad=on_bad)
                outcome = "prepared"
    except InputError as error:
        wrong = "" if _is_a_sentence(str(error)) else f"no sentence: {str(error)[:2000]!r}"
    except Hang:
        outcome, wrong = "hang", traceback.format_exc(limit=-8)
    except BaseException:
        outcome, wrong = "stack trace", traceback.format_exc(limit=-8)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
    leap = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    if not wrong and leap > LEAP:
        wrong = f"the memory leapt by {leap / 2**20:.1f} GiB"
    left = [path.name for path in made.iterdir()]
    if not wrong and left != (["catalogue"] if outcome == "prepared" else []):
        wrong = f"{outcome}, but there is {left}"
    if not wrong and sorted(given.rglob("*")) != before:
        wrong = "the input has other files than before"
    if not wrong and outcome == "prepared":
        wrong = _damage(made / "catalogue")
    return kind, outcome, wrong


def _is_a_sentence(message: str) -> bool:
    return 20 < len(message) < 3000 and message.isprintable()


def _damage(path: Path) -> str:
    import tensorflow as tf

    from keras_fashion.data import Catalogue

    try:
        catalogue = Catalogue.load(path)
        for item in range(len(catalogue.item_ids)):
            data = catalogue.picture_files[item]
            picture = tf.io.decode_image(data, expand_animations=False)
            if picture.shape.rank != 3 or 0 in picture.shape:
                return f"picture {item} has the shape {picture.shape}"
        if len(catalogue.interactions) and catalogue.interactions.min() < 0:
            return "an interaction of nobody or nothing"
    except Exception:
        return f"the catalogue is damaged: {traceback.format_exc(limit=-5)}"
    return ""


def _hang(*_: object) -> None:
    raise Hang


def fuzz(first: int, count: int, seed: int) -> tuple[Counter, list[str]]:
    """Runs inputs; returns how often each kind had each outcome, and the violations."""
    signal.signal(signal.SIGALRM, _hang)
    counts: Counter[tuple[str, str]] = Counter()
    violations = []
    for number in range(first, first + count):
        folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
        try:
            kind, outcome, wrong = one(seed, number, folder)
        finally:
            shutil.rmtree(folder)
        counts[kind, outcome] += 1
        if wrong:
            violations.append(f"--seed {seed} --first {number} --count 1 ({kind}): {wrong}")
            print(violations[-1], flush=True)
    return counts, violations


def main() -> int:
    """Prints the table; returns 1 if something was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    start = time.monotonic()
    counts, violations = fuzz(options.first, options.count, options.seed)
    outcomes = sorted({outcome for _, outcome in counts})
    print(f"{'':50}" + "".join(f"{outcome:>12}" for outcome in outcomes))
    for kind in KINDS:
        if any(counts[kind, outcome] for outcome in outcomes):
            print(f"{kind:50}" + "".join(f"{counts[kind, each]:12,}" for each in outcomes))
    total = ", ".join(
        f"{sum(n for (_, each), n in counts.items() if each == outcome):,} {outcome}"
        for outcome in outcomes
    )
    seconds = time.monotonic() - start
    print(f"{options.count:,} inputs in {seconds:.0f} s: {total}; {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    quiet_tensorflow()
    sys.exit(main())
