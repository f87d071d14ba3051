"""The report on a recommender and a GAN: its sections, built from runs and measurements."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from keras_fashion.app.report.html import Column, Facts, Picture, Section, Table, Text, write_report
from keras_fashion.app.report.pictures import (
    interpolation_sheet,
    people_sheet,
    redesigns_sheet,
    samples_sheet,
    trajectory_figure,
)
from keras_fashion.app.report.plots import auc_chart, eta_curve, training_curves
from keras_fashion.app.run import Run
from keras_fashion.design.preference_maximizer import PreferenceMaximizer
from keras_fashion.evaluation.generation import GenerationStudy

SHOWN_PEOPLE = 6

AUC_COLUMNS = {
    "auc_all": "all",
    "auc_matched": "matched",
    "auc_warm": "warm",
    "auc_cold": "cold",
    "auc_new": "new",
    "auc_matched_cold": "matched, cold",
}

STUDY_COLUMNS = {
    "preference": Column("preference"),
    "unseen_preference": Column("by the unseen recommender"),
    "gap": Column("gap"),
    "discriminator": Column("discriminator"),
    "quality": Column("category inception score"),
    "opposite_ssim": Column("opposite SSIM"),
}

UNSEEN = ("unseen_preference", "gap")

STUDY_NOTE = (
    "Means over users with 95 % bootstrap intervals. Preference: theta . Phi in standard "
    "deviations above what the user thinks of the category's items; 0 is an item drawn at random. "
    "Category inception score: the inception score under a classifier of this catalogue's own "
    "categories, in place of ImageNet's Inception: comparable within this report only. Opposite "
    "SSIM: minus the mean similarity of the three pictures; higher is more diverse."
)

UNSEEN_NOTE = (
    " The unseen recommender was trained with another seed, and no optimizer saw it: the gap is "
    "what only the first believes in. Retrieval has one, too, as it also takes the first's best."
)


def study_report(
    path: Path,
    recommender: Run,
    gan: Run,
    maximizer: PreferenceMaximizer,
    study: GenerationStudy,
    aucs: Mapping[str, Mapping[str, float | None]],
    trained: Sequence[Run],
    more: Sequence[Section] = (),
) -> None:
    """Writes the report.

    Args:
        path: Of the HTML file.
        recommender: Run of the DVBPR that designs are made with.
        gan: Run of the GAN.
        maximizer: Over the models of the two runs.
        study: What was measured on designs.
        aucs: Name of a model to its AUCs, as `HeldOutRanks.means` gives them.
        trained: Runs whose training curves are shown.
        more: Sections for the end.
    """
    catalogue = recommender.catalogue
    sections = [
        Section(
            "Data",
            [
                Text(catalogue.summary() + "\n\n" + recommender.split.summary()),
                Facts(
                    {
                        "seed": recommender.config["seed"],
                        "fingerprint": catalogue.fingerprint,
                        **recommender.config["versions"],
                    }
                ),
            ],
        ),
        recommendation_section(aucs, trained),
        generation_section(study),
        Section(
            "Pictures",
            [
                Picture(
                    "Real items beside generated ones. The latents are the first ones drawn.",
                    samples_sheet(gan),
                    "Rows of real and generated garments, one row a category.",
                ),
                Picture(
                    "What people bought, what is recommended to them among existing items, and "
                    "what was designed for them, with the predicted preference.",
                    people_sheet(
                        recommender,
                        study.users[:SHOWN_PEOPLE],
                        study.categories[:SHOWN_PEOPLE],
                        study.designs,
                    ),
                    "Rows of users with bought, recommended and designed garments.",
                ),
                Picture(
                    "Redesign: an existing item, its nearest latent in the generator, and steps "
                    "towards the user's taste.",
                    redesigns_sheet(recommender, maximizer, study.users[:4], study.categories[:4]),
                    "Strips that begin with an existing garment and change it step by step.",
                ),
                Picture(
                    "Interpolation between two latents.",
                    interpolation_sheet(gan),
                    "Rows of garments that change gradually from left to right.",
                ),
                Picture(
                    f"How the designs of {catalogue.user_ids[study.users[0]]} came about.",
                    trajectory_figure(
                        maximizer, study.users[0], study.categories[0], study.designs, pair=0
                    ),
                    "Preference and realism by step of the ascent.",
                ),
            ],
        ),
        *more,
    ]
    write_report(
        path,
        f"keras-fashion on {catalogue.name}",
        sections,
        subtitle="Recommendation of garments that exist, design of garments that do not",
    )


def recommendation_section(
    aucs: Mapping[str, Mapping[str, float | None]], trained: Sequence[Run]
) -> Section:
    """The table of AUCs, as a table and drawn, with the curves of training."""
    histories = {run.config["model"]: pd.read_csv(run.path / "history.csv") for run in trained}
    return Section(
        "Recommendation",
        [
            Table(
                "AUC on the held-out test interaction of each user",
                [Column("model"), *(Column(each, best="highest") for each in AUC_COLUMNS.values())],
                [[name, *(row[key] for key in AUC_COLUMNS)] for name, row in aucs.items()],
                note="All items the user has no interaction with are negatives, none is sampled; "
                "a tie counts half. Matched: only items with as many training interactions as "
                "the held-out one, so that popularity gains little. Warm: items with 5 or more "
                "training interactions; cold: fewer; new: none.",
                reference=["oracle"],
            ),
            Picture(
                "The same, drawn.",
                auc_chart(
                    {
                        name: {
                            label: float("nan") if row[key] is None else row[key]
                            for key, label in AUC_COLUMNS.items()
                        }
                        for name, row in aucs.items()
                    }
                ),
                "AUC of each model on all, matched, warm, cold and new items.",
            ),
            Picture(
                "Training: loss and exact validation AUC by epoch.",
                training_curves(
                    {
                        title: {name: table[key].tolist() for name, table in histories.items()}
                        for key, title in (("loss", "loss"), ("val_auc", "validation AUC"))
                    }
                ),
                "Loss and validation AUC by epoch.",
            ),
        ],
    )


def generation_section(study: GenerationStudy) -> Section:
    """The talk's table, the same by category, and the curve over eta."""
    judged = not study.rows["unseen_preference"].isna().all()
    columns = {name: title for name, title in STUDY_COLUMNS.items() if judged or name not in UNSEEN}
    measured = [name for name in columns if name != "quality"]
    by_category = study.by_category(measured)
    return Section(
        "Retrieval and generation",
        [
            Table(
                f"Three pictures for each of {len(study.users)} users in one category",
                [Column("method"), *columns.values()],
                [
                    [method, *(row[name] for name in columns)]
                    for method, row in study.table(measured).items()
                ],
                note=STUDY_NOTE + (UNSEEN_NOTE if judged else ""),
            ),
            Table(
                "The same by category",
                [
                    Column("category"),
                    Column("method"),
                    Column("users"),
                    *(columns[name] for name in measured),
                ],
                [
                    [row["category"], row["method"], row["users"], *(row[n] for n in measured)]
                    for row in by_category.to_dict("records")
                ],
            ),
            Picture(
                "What the weight of realism trades.",
                eta_curve(study.eta.dropna(axis="columns").to_dict("records")),
                "Preference, discriminator output, diversity and quality over eta.",
            ),
        ],
    )
