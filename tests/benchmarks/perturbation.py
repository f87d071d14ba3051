"""Measures recommenders while an adversary changes the features of what users bought.

Runs of VBPR and AMR (Tang et al., TKDE 2020) are compared. The features of each held-out item are
moved by a vector of length EPSILON in the direction that lowers its user's score fastest, which is
-(E θ_u + β'), and all other items stay as they are. The table has the matched AUC by EPSILON.

python tests/benchmarks/perturbation.py runs/vbpr runs/amr
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from pathlib import Path

import click
import numpy as np

from keras_fashion.app.run import Run
from keras_fashion.evaluation.ranking import rank_held_out
from keras_fashion.models import VBPR


def perturbed_auc(run: Run, part: str, epsilon: float) -> float:
    """Returns the matched AUC where the features of held-out items were moved by epsilon."""
    model: VBPR = run.model
    gradients = run.vectors.users[:, model.latent_size :] @ model.embedding.numpy().T
    if model.bias:
        gradients += model.beta_visual.numpy()
    falls = epsilon * np.linalg.norm(gradients, axis=1)
    users, items = getattr(run.split, part).T
    if len(np.unique(users)) < len(users):
        raise click.UsageError(f"{run.path} holds out several items of a user.")
    held_out = np.full(run.split.num_users, -1)
    held_out[users] = items

    def scores(users: np.ndarray) -> np.ndarray:
        changed = run.vectors.scores(users)
        changed[np.arange(len(users)), held_out[users]] -= falls[users]
        return changed

    return rank_held_out(scores, run.split, part).means()["auc_matched"]


@click.command()
@click.argument("folders", metavar="RUN...", nargs=-1, required=True, type=Path)
@click.option("--epsilon", multiple=True, default=(0.0, 0.1, 0.3), show_default=True)
@click.option("--part", type=click.Choice(["validation", "test"]), default="validation")
def main(folders: tuple[Path, ...], epsilon: tuple[float, ...], part: str) -> None:
    """Measures each RUN of a split that holds out one item of a user."""
    print(f"{'epsilon':24}" + "".join(f"{each:8g}" for each in epsilon))
    for folder in folders:
        run = Run(folder)
        values = [perturbed_auc(run, part, each) for each in epsilon]
        print(f"{folder.name:24}" + "".join(f"{each:8.3f}" for each in values))


if __name__ == "__main__":
    main()
