"""Model cards of the exported models: their data, training, measurements and limits.

After Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
"""

import numpy as np
import tensorflow as tf

from keras_fashion.app.run import Run
from keras_fashion.errors import InputError
from keras_fashion.evaluation.compared_methods import (
    TOP,
    random_items,
    retrieved_items,
)
from keras_fashion.evaluation.comparison import baselines
from keras_fashion.evaluation.generation import draw_pairs
from keras_fashion.evaluation.preference import StandardizedPreference
from keras_fashion.evaluation.ranking import rank_held_out
from keras_fashion.evaluation.significance import Estimate, bootstrap_mean
from keras_fashion.serving.signatures.dated import time_terms_of
from keras_fashion.serving.signatures.designer import ServedDesigner

MAX_RANKED_INTERACTIONS = 10_000
"""Largest number of test interactions that are ranked; more would not make the means clearer."""

NUM_DESIGN_USERS = 12
"""Largest number of users to design for."""

RANKING_METRICS = ("auc_all", "auc_matched", "auc_cold", "recall@10", "ndcg@10")
"""Names of the metrics in the card of a recommender."""

Measurements = dict[str, dict[str, Estimate | None]]
"""Estimates by metric, for each row of the card's table; None if there is nothing to measure."""


def measure_recommender(run: Run) -> Measurements:
    """Measures the ranking metrics of a recommender on its test part, and those of PopRank."""
    test = run.split.test
    rng = np.random.default_rng(0)
    rows = np.sort(rng.permutation(len(test))[:MAX_RANKED_INTERACTIONS])
    split = run.split.with_test_rows(rows)
    k = min(10, split.num_items)
    models = {
        "PopRank": baselines(split)["poprank"],
        run.config["model"]: run.held_out_vectors(split, "test"),
    }
    return {
        name: {
            metric: bootstrap_mean(values)
            for metric, values in rank_held_out(vectors, split, "test", (k,)).per_user().items()
            if metric in RANKING_METRICS
        }
        for name, vectors in models.items()
    }


def measure_designer(recommender: Run, designer: ServedDesigner) -> Measurements:
    """Measures the users' preference for three designs each, and for existing items.

    Args:
        recommender: Run of the recommender.
        designer: Designer that is exported.

    Returns:
        Means over users. Empty if no category of a held-out interaction has three items.
    """
    try:
        users, categories = draw_pairs(recommender, NUM_DESIGN_USERS, seed=0)
    except InputError:
        return {}
    preference = StandardizedPreference(recommender, users, categories)
    catalogue = recommender.catalogue
    pictures, realism = [], []
    for user, category in zip(users, categories, strict=True):
        answer = designer.design(
            user_id=tf.constant([catalogue.user_ids[user]]),
            category=tf.constant(catalogue.categories[category]),
            count=tf.constant(TOP),
            eta=tf.constant(designer.maximizer.procedure.eta),
            steps=tf.constant(designer.maximizer.procedure.steps),
            seed=tf.constant(0),
        )
        files = answer["image_bytes"].numpy()
        pictures.append([tf.io.decode_png(file).numpy() for file in files])
        realism.append(answer["realism"].numpy().mean())
    random = random_items(catalogue.item_categories, categories, seed=0)
    best = retrieved_items(preference.scores, catalogue.item_categories, categories)
    rows = {
        "random items": preference.of_items(random),
        "best items": preference.of_items(best),
        "designs": preference.of_pictures(np.array(pictures)),
    }
    measured: Measurements = {
        name: {"preference": bootstrap_mean(each.mean(axis=1))} for name, each in rows.items()
    }
    measured["designs"]["realism"] = bootstrap_mean(np.array(realism))
    return measured


def recommender_card(run: Run, measured: Measurements, date: str) -> str:
    """Returns the model card of a recommender as Markdown.

    Args:
        run: Run of the recommender.
        measured: Measurements of `measure_recommender`.
        date: Date of the export.
    """
    interactions = min(len(run.split.test), MAX_RANKED_INTERACTIONS)
    return _card(
        f"Recommender: {run.config['model']}",
        [run],
        "Ranks the items of one catalogue for the users whose purchases it was trained on, and "
        "by popularity for other users.",
        f"{interactions:,} held-out purchases (in no training), with every item "
        "ranked; means with 95 % intervals (bootstrap over users). `auc_matched` compares with "
        "items that sell as much, so that popularity has next to nothing to gain; `auc_cold` is "
        "over items with fewer than 5 training purchases.",
        measured,
        [
            "Intended use: to rank a shop's own garments for its own customers. Not intended for "
            "evaluating people, setting prices, or predicting anything but what they may buy next.",
            "The model repeats what was bought. It serves badly the preferences and sizes that the "
            "shop has served badly. Compare its metrics between groups of customers before it "
            "decides what they see.",
            "Users and items that came after the training are unknown to it, and preferences "
            "change with the season. Train it again regularly.",
            *_dates(run, "recommend_at"),
            "This folder contains the ids of users and what each has bought (`exclude_seen` needs "
            "it). Treat it as personal data.",
        ],
        date,
    )


def designer_card(recommender: Run, gan: Run, measured: Measurements, date: str) -> str:
    """Returns the model card of a designer as Markdown.

    Args:
        recommender: Run of the recommender.
        gan: Run of the GAN.
        measured: Measurements of `measure_designer`.
        date: Date of the export.
    """
    return _card(
        "Designer: preference maximization over a conditional GAN",
        [recommender, gan],
        "Generates pictures of garments that do not exist: at random, for a user or a group, or "
        "from a garment that exists.",
        f"At most {NUM_DESIGN_USERS} users, drawn at random, in the category of their held-out "
        "purchase, three garments each; means with 95 % intervals (bootstrap over users). "
        "`preference` is that of this recommender, in standard deviations above the user's mean "
        "preference for the category's items. Because the search maximizes it, it is too high for "
        "designs. `realism` is the calibrated output of the discriminator: 1 stands for the mean "
        "real picture, 0 for the mean generated one.",
        measured,
        [
            "Intended use: to suggest to designers what a group of customers may like. Not "
            "intended to be shown as goods that can be bought.",
            "Pictures are small, and what is rare in the catalogue is drawn badly. A design may "
            "resemble a garment, or a trademark, in the catalogue: check before you make it.",
            "Only users whom the recommender was trained on are known.",
            *_dates(recommender, "design_at"),
            "This folder contains the ids of users and their embeddings. Treat it as personal "
            "data.",
        ],
        date,
    )


def measurements_to_json(
    measured: Measurements,
) -> dict[str, dict[str, list[float | None] | None]]:
    """Returns measurements in plain types: lists of mean, low and high."""
    return {
        name: {
            metric: None if each is None else [each.mean, each.low, each.high]
            for metric, each in row.items()
        }
        for name, row in measured.items()
    }


def _card(
    title: str,
    runs: list[Run],
    purpose: str,
    method: str,
    measured: Measurements,
    limits: list[str],
    date: str,
) -> str:
    catalogue, split = runs[0].catalogue, runs[0].split
    license_line = next(iter(catalogue.license.splitlines()), "the source states none")
    training = [
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
            f"Exported {date} by keras-fashion (Kang et al., ICDM 2017).",
            "",
            "## Data",
            "",
            f"- catalogue {catalogue.name}, fingerprint `{catalogue.fingerprint}`",
            f"- {len(catalogue.item_ids):,} items in {len(catalogue.categories)} categories, "
            f"{len(catalogue.user_ids):,} users, {len(catalogue.interactions):,} interactions",
            f"- {split.summary()}",
            f"- license of the data: {license_line}",
            "",
            "## Training",
            "",
            *training,
            "",
            "## Measurements",
            "",
            method,
            "",
            *_table(measured),
            "",
            "## Use and limits",
            "",
            *(f"- {limit}" for limit in limits),
            "",
        ]
    )


def _dates(recommender: Run, signature: str) -> list[str]:
    """Returns what the signature with a date takes into account, if there is one."""
    terms = time_terms_of(recommender)
    if terms is None:
        return []
    first, last = (np.datetime64(each, "M") for each in (terms.first_month, terms.last_month))
    names = {"trend": "trend", "season": "season", "category": "demand for categories"}
    known = ", ".join(names[each] for each in terms.terms)
    return [
        f"`{signature}` takes a date, of which the month counts ({known}), learned from purchases "
        f"from {first} to {last}; a later month is a forecast. Signatures without a date answer as "
        f"of {last}."
    ]


def _table(measured: Measurements) -> list[str]:
    """Returns the lines of a Markdown table, or one that says that nothing was measured."""
    if not measured:
        return ["Nothing was measured, because the catalogue is too small."]
    metrics = list(dict.fromkeys(metric for row in measured.values() for metric in row))
    return [
        "| | " + " | ".join(metrics) + " |",
        "|---" * (len(metrics) + 1) + "|",
        *(
            f"| {name} | " + " | ".join(_cell(row.get(metric)) for metric in metrics) + " |"
            for name, row in measured.items()
        ),
    ]


def _cell(estimate: Estimate | None) -> str:
    if estimate is None:
        return "-"
    if estimate.low is None:
        return f"{estimate.mean:.3f}"
    return f"{estimate.mean:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
