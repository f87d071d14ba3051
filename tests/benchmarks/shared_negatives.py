"""Measures CNN passes and seconds until an AUC is reached, by three trainings of DVBPR.

    python tests/benchmarks/shared_negatives.py --catalogue FOLDER --split FILE --peer PYTHON

They are siamese triplets, shared negatives, and a plain PyTorch loop, on the same pictures. The
table shows what each needed to reach the best validation AUC of the siamese default. Seconds are
those of training alone, without the validation after each epoch. The trainings run one after the
other, so that nothing else should run on the machine.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import keras
import numpy as np
from tqdm.keras import TqdmCallback

from keras_fashion.app.cli.startup import quiet_tensorflow

PEER = Path(__file__).with_name("torch_dvbpr.py")
BATCH_SIZE, LEARNING_RATE = 32, 2e-3
"""Those of the siamese default and of the PyTorch loop; shared negatives have the same rate."""


class Stopwatch(keras.callbacks.Callback):
    """Measures the seconds of each epoch's steps, if it is the first callback."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Starts the watch."""
        self.started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Stops the watch."""
        self.seconds.append(time.monotonic() - self.started)


@click.command()
@click.option(
    "--catalogue", type=click.Path(exists=True, path_type=Path), required=True, help="Catalogue."
)
@click.option(
    "--split",
    "split_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Split of the catalogue.  [default: leave one out]",
)
@click.option(
    "--peer",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Python of an environment with PyTorch.  [default: no peer]",
)
@click.option(
    "--epochs",
    type=click.IntRange(1),
    default=16,
    show_default=True,
    help="Epochs of the siamese training.",
)
@click.option(
    "--shared-epochs",
    type=click.IntRange(1),
    default=6,
    show_default=True,
    help="Epochs with shared negatives.",
)
@click.option(
    "--positives",
    type=click.IntRange(1),
    default=128,
    show_default=True,
    help="Positives of a batch.",
)
@click.option(
    "--negatives",
    type=click.IntRange(1),
    default=128,
    show_default=True,
    help="Negatives of a batch.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(
    catalogue: Path,
    split_file: Path | None,
    peer: Path | None,
    epochs: int,
    shared_epochs: int,
    positives: int,
    negatives: int,
    as_json: bool,
) -> None:
    """Measures the cost of an AUC."""
    quiet_tensorflow()
    from keras_fashion.callbacks.validation_auc import ValidationAUC
    from keras_fashion.data import Catalogue, leave_one_out, read_split, triplets
    from keras_fashion.evaluation.ranking import rank_held_out
    from keras_fashion.models import DVBPR, CompactEncoder
    from keras_fashion.models.scoring_vectors import ScoringVectors
    from keras_fashion.optimizers import LazyAdam

    loaded = Catalogue.load(catalogue)
    split = read_split(split_file, loaded) if split_file else leave_one_out(loaded, seed=0)
    pictures = loaded.pictures((32, 32))[np.arange(len(loaded.item_ids))]

    def ours(name: str, batch_size: int, epochs: int, shared: int, history: int) -> dict[str, Any]:
        keras.utils.set_random_seed(0)
        encoder = CompactEncoder(picture_size=(32, 32))
        model = DVBPR(split.num_users, split.num_items, encoder, with_history=history > 0)
        batches = triplets(split, batch_size, 0, pictures, True, shared, history)
        steps = split.steps(batch_size)
        decay = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * steps)
        model.compile(optimizer=LazyAdam(decay))
        watch = Stopwatch()
        progress = TqdmCallback(verbose=0, desc=name, file=sys.stderr)
        callbacks = [watch, ValidationAUC(split, pictures), progress]
        options = {"epochs": epochs, "steps_per_epoch": steps, "shuffle": False, "verbose": 0}
        fitted = model.fit(batches, callbacks=callbacks, **options)
        passes = steps * (batch_size + (shared or batch_size))
        return curve(name, fitted.history["val_auc"], passes, watch.seconds)

    def torch() -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "data.npz"
            np.savez(data, train=split.train, pictures=pictures, num_users=split.num_users)
            arguments = [data, folder, epochs, BATCH_SIZE, LEARNING_RATE]
            subprocess.run([peer, PEER, *map(str, arguments)], check=True)
            aucs = []
            for epoch in range(1, epochs + 1):
                with np.load(Path(folder) / f"epoch_{epoch}.npz") as arrays:
                    biases = np.zeros(split.num_items, np.float32)
                    vectors = ScoringVectors(arrays["users"], arrays["items"], biases)
                aucs.append(rank_held_out(vectors, split, "validation").means()["auc_all"])
            seconds = json.loads((Path(folder) / "seconds.json").read_text())
        passes = 2 * BATCH_SIZE * -(-len(split.train) // BATCH_SIZE)
        return curve("PyTorch loop", aucs, passes, seconds)

    rows = [
        ours("siamese default", BATCH_SIZE, epochs, 0, 0),
        ours("shared negatives", positives, shared_epochs, negatives, 0),
        ours("shared, with history", positives, shared_epochs, negatives, 64),
    ]
    if peer:
        rows.append(torch())
    best = max(rows[0]["auc"])
    for row in rows:
        row |= to_reach(best, row)
    if as_json:
        click.echo(json.dumps({"yardstick": best, "rows": rows}))
        return
    click.echo(f"validation AUC to reach: {best:.4f}")
    click.echo(f"{'':22}{'best AUC':>9}{'passes':>10}{'ratio':>8}{'seconds':>9}{'ratio':>8}")
    for row in rows:
        cells = "    not reached"
        if row["passes_to_reach"]:
            cells = (
                f"{row['passes_to_reach']:>10,}"
                f"{row['passes_to_reach'] / rows[0]['passes_to_reach']:>8.2f}"
                f"{row['seconds_to_reach']:>9.0f}"
                f"{row['seconds_to_reach'] / rows[0]['seconds_to_reach']:>8.2f}"
            )
        click.echo(f"{row['name']:22}{max(row['auc']):>9.4f}{cells}")


def curve(name: str, auc: list[float], passes: int, seconds: list[float]) -> dict[str, Any]:
    """Returns the validation AUC of each epoch, and the cost up to it."""
    return {
        "name": name,
        "auc": auc,
        "passes": [passes * (epoch + 1) for epoch in range(len(auc))],
        "seconds": np.cumsum(seconds).tolist(),
    }


def to_reach(best: float, row: dict[str, Any]) -> dict[str, Any]:
    """Returns the cost up to the first epoch that reaches an AUC; None if no epoch does."""
    at = next((k for k, auc in enumerate(row["auc"]) if auc >= best), None)
    return {
        f"{cost}_to_reach": None if at is None else row[cost][at] for cost in ("passes", "seconds")
    }


if __name__ == "__main__":
    main()
