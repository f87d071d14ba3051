"""What memory a training takes at 10,000 items and at a million.

Run it with `make bench-memory SMALL=FOLDER LARGE=FOLDER`. Each catalogue is trained on in a
process of its own; pictures are decoded at each use, or read from a table where `--table` is
given.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import click

SIZE = (32, 32)
BATCH = 64


def resident() -> int:
    """Bytes of this process in memory now, mapped files included."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def one(folder: Path, steps: int, table: bool) -> dict[str, float]:
    """Loads a catalogue, trains some steps, and says what that took."""
    import keras

    from keras_fashion.data import Catalogue, leave_one_out, triplets
    from keras_fashion.data.picture_store import DecodedPictures
    from keras_fashion.models import DVBPR, CompactEncoder
    from keras_fashion.optimizers import LazyAdam

    before, started = resident(), time.perf_counter()
    catalogue = Catalogue.load(folder)
    loaded = time.perf_counter() - started
    split = leave_one_out(catalogue, seed=0)
    files = catalogue.picture_files
    ids = [catalogue.item_ids, catalogue.user_ids, catalogue.item_categories]
    ids += [catalogue.interactions, files.shard, files.offset, files.length]
    ids += [split.train, split.validation, split.test]
    # The pipeline holds the training pairs once more, and sorted 8-byte keys of them.
    tables = sum(array.nbytes for array in ids) + split.train.nbytes + 8 * len(split.train)
    pictures = catalogue.pictures(SIZE) if table else DecodedPictures(files, SIZE)
    model = DVBPR(split.num_users, split.num_items, CompactEncoder(32, SIZE))
    model.compile(optimizer=LazyAdam(1e-3))
    batches = triplets(split, BATCH, 0, pictures, flip=True)
    halfway: list[int] = []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda step, logs: (
            halfway.append(resident()) if step == steps // 2 else None
        )
    )
    started = time.perf_counter()
    model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0, callbacks=[watch])
    variables = [*model.variables, *model.optimizer.variables]
    return {
        "items": split.num_items,
        "load_seconds": loaded,
        "train_seconds": time.perf_counter() - started,
        "tables": tables,
        "model": sum(v.value.numpy().nbytes for v in variables),
        "before": before,
        "halfway": halfway[0],
        "end": resident(),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path), required=True)
@click.option("--steps", default=300, show_default=True, help="To train, of 64 triplets.")
@click.option("--table", is_flag=True, help="Read pictures from a table, made first if need be.")
@click.option("--as-json", is_flag=True, hidden=True)
def main(folders: tuple[Path, ...], steps: int, table: bool, as_json: bool) -> None:
    """Compares catalogues, the smallest first."""
    if as_json:
        click.echo(json.dumps(one(folders[0], steps, table)))
        return
    rows = []
    for folder in folders:
        command = [sys.executable, __file__, str(folder), "--steps", str(steps), "--as-json"]
        command += ["--table"] if table else []
        printed = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        rows.append(json.loads(printed.splitlines()[-1]))
    megabyte = 2**20
    for row in rows:
        click.echo(
            f"{row['items']:>9,} items: load {row['load_seconds']:.1f} s, {steps} steps "
            f"{row['train_seconds']:.0f} s; MB of id tables {row['tables'] / megabyte:,.0f}, of "
            f"model and optimizer {row['model'] / megabyte:,.0f}; MB resident before "
            f"{row['before'] / megabyte:,.0f}, halfway {row['halfway'] / megabyte:,.0f}, "
            f"at the end {row['end'] / megabyte:,.0f}, peak {row['peak'] / megabyte:,.0f}"
        )
    first, last = rows[0], rows[-1]
    click.echo(
        f"resident at the end: +{(last['end'] - first['end']) / megabyte:,.0f} MB; id tables "
        f"+{(last['tables'] - first['tables']) / megabyte:,.0f} MB, model and optimizer "
        f"+{(last['model'] - first['model']) / megabyte:,.0f} MB"
    )


if __name__ == "__main__":
    main()
