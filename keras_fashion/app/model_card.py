"""The card of an exported model: what it was made of, what it can do, what not to use it for.

After Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
"""

from dataclasses import replace

import numpy as np
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.errors import InputError
from keras_fashion.evaluation.compared_methods import (
    TOP,
    random_items,
    retrieved_items,
)
from keras_fashion.evaluation.generation import draw_pairs
from keras_fashion.evaluation.preference import StandardizedPreference
from keras_fashion.evaluation.ranking import rank_held_out
from keras_fashion.evaluation.reference_models import baselines
from keras_fashion.evaluation.significance import Estimate, bootstrap_mean
from keras_fashion.serving.signatures.designer import ServedDesigner

MOST_RANKED = 10_000
"""Users whose test items are ranked; more take long in a large catalogue and tell no more."""

DESIGNED_FOR = 12
"""Users who are designed for."""

RANKING = ("auc_all", "auc_matched", "auc_cold", "recall@10", "ndcg@10")

Table = dict[str, dict[str, Estimate | None]]
"""A name to its measures; None where there is nothing to measure."""


def measure_recommender(run: Run) -> Table:
    """The test part's ranking metrics, beside those of what sells."""
    test = run.split.test
    rng = np.random.default_rng(0)
    some = rng.permutation(len(test))[:MOST_RANKED]
    split = replace(run.split, test=test[np.sort(some)])
    k = min(10, split.num_items)
    rows = {"PopRank": baselines(split)["poprank"], run.config["model"]: run.vectors}
    return {
        name: {
            metric: bootstrap_mean(values)
            for metric, values in rank_held_out(each, split, "test", (k,)).per_user().items()
            if metric in RANKING
        }
        for name, each in rows.items()
    }


def measure_designer(recommender: Run, designer: ServedDesigner) -> Table:
    """What users are thought to think of designs, beside what exists, three garments each.

    Empty where no category of a held-out purchase has three items.
    """
    try:
        users, categories = draw_pairs(recommender, DESIGNED_FOR, seed=0)
    except InputError:
        return {}
    judge = StandardizedPreference(recommender, users, categories)
    catalogue = recommender.catalogue
    pictures, realism = [], []
    for user, category in zip(users, categories, strict=True):
        answer = designer.design(
            user_id=tf.constant([catalogue.user_ids[user]]),
            category=tf.constant(catalogue.categories[category]),
            count=tf.constant(TOP),
            eta=tf.constant(1.0),
            steps=tf.constant(designer.maximizer.procedure.steps),
            seed=tf.constant(0),
        )
        files = answer["image_bytes"].numpy()
        pictures.append([tf.io.decode_png(file).numpy() for file in files])
        realism.append(answer["realism"].numpy().mean())
    rows = {
        "random items": judge.of_items(random_items(catalogue.item_categories, categories, seed=0)),
        "best items": judge.of_items(
            retrieved_items(judge.scores, catalogue.item_categories, categories)
        ),
        "designs": judge.of_pictures(np.array(pictures)),
    }
    table = {name: {"preference": bootstrap_mean(each.mean(axis=1))} for name, each in rows.items()}
    table["designs"]["realism"] = bootstrap_mean(np.array(realism))
    return table


def recommender_card(run: Run, measured: Table, made: str) -> str:
    """Markdown."""
    users = min(len(run.split.test), MOST_RANKED)
    return _card(
        f"Recommender: {run.config['model']}",
        [run],
        "Ranks the items of one catalogue for the users whose purchases it was trained on, and "
        "for others by what sells.",
        f"Held-out purchases of {users:,} users (one each, in no training), every item ranked; "
        "means with their interval of 95 % (bootstrap over users). `auc_matched` compares with "
        "items that sell as much, which leaves popularity next to nothing to gain; `auc_cold` is "
        "of items with fewer than 5 training purchases.",
        measured,
        [
            "Made to order a shop's own garments for its own customers. Not made to judge people, "
            "to set prices, or to guess at anything but what they may buy next.",
            "It repeats what was bought: tastes and sizes that the shop has served badly, it "
            "serves badly. Compare its metrics between groups of customers before it decides "
            "what they see.",
            "Users and items that came after the training are unknown to it; tastes drift with "
            "the season. Train again.",
            "Whoever holds this folder holds the ids of users and what each has bought "
            "(`exclude_seen` needs it). Treat it as personal data.",
        ],
        made,
    )


def designer_card(recommender: Run, gan: Run, measured: Table, made: str) -> str:
    """Markdown."""
    return _card(
        "Designer: preference maximization over a conditional GAN",
        [recommender, gan],
        "Draws garments that do not exist, for nobody, for a user or a group, or from a garment "
        "that exists.",
        f"For {DESIGNED_FOR} users at most, drawn at random, in the category of their held-out "
        "purchase, three garments each; means with their interval of 95 % (bootstrap over users). "
        "`preference` is this recommender's own opinion, in standard deviations above what the "
        "user thinks of the category's items: the search climbs on it, so it flatters designs. "
        "`realism` is what the discriminator says: 1 is what it takes for real.",
        measured,
        [
            "Made to suggest to designers what a group of customers may love. Not made to be "
            "shown as goods that can be bought.",
            "Pictures are small and what is rare in the catalogue is drawn badly. A design may "
            "come close to a garment, and a trade mark, that the catalogue holds: look before "
            "you make it.",
            "Only users whom the recommender was trained on are known.",
            "Whoever holds this folder holds the ids of users and their tastes. Treat it as "
            "personal data.",
        ],
        made,
    )


def _card(
    title: str,
    runs: list[Run],
    purpose: str,
    how: str,
    measured: Table,
    limits: list[str],
    made: str,
) -> str:
    catalogue, split = runs[0].catalogue, runs[0].split
    licence = next(iter(catalogue.licence.splitlines()), "the source states none")
    trained = [
        f"- {run.config['model']}, seed {run.config['seed']}, with "
        + ", ".join(f"{name} {number}" for name, number in run.config["versions"].items())
        for run in runs
    ]
    return "\n".join(
        [
            f"# {title}",
            "",
            purpose,
            "",
            f"Exported {made} by keras-fashion (Kang et al., ICDM 2017).",
            "",
            "## Data",
            "",
            f"- catalogue {catalogue.name}, fingerprint `{catalogue.fingerprint}`",
            f"- {len(catalogue.item_ids):,} items in {len(catalogue.categories)} categories, "
            f"{len(catalogue.user_ids):,} users, {len(catalogue.interactions):,} interactions",
            f"- {split.summary()}",
            f"- licence of the data: {licence}",
            "",
            "## Training",
            "",
            *trained,
            "",
            "## Measured",
            "",
            how,
            "",
            *_rows(measured),
            "",
            "## Use and limits",
            "",
            *(f"- {limit}" for limit in limits),
            "",
        ]
    )


def _rows(measured: Table) -> list[str]:
    if not measured:
        return ["Nothing: the catalogue is too small."]
    names = list(dict.fromkeys(name for row in measured.values() for name in row))
    return [
        "| | " + " | ".join(names) + " |",
        "|---" * (len(names) + 1) + "|",
        *(
            f"| {label} | " + " | ".join(_shown(row.get(name)) for name in names) + " |"
            for label, row in measured.items()
        ),
    ]


def _shown(estimate: Estimate | None) -> str:
    if estimate is None:
        return "-"
    if estimate.low is None:
        return f"{estimate.mean:.3f}"
    return f"{estimate.mean:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def as_json(measured: Table) -> dict:
    """The same in plain types: mean, low, high."""
    return {
        name: {
            metric: None if each is None else [each.mean, each.low, each.high]
            for metric, each in row.items()
        }
        for name, row in measured.items()
    }
