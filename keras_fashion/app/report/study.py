"""The report on a recommender and a GAN, made of their runs and of measurements."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from keras_fashion.app.report.comparison_table import AUC_NOTE
from keras_fashion.app.report.html import Column, Facts, Picture, Section, Table, Text, write_report
from keras_fashion.app.report.plots import auc_chart, eta_curve, training_curves
from keras_fashion.app.report.study_pictures import (
    interpolation_sheet,
    redesigns_sheet,
    samples_sheet,
    trajectory_figure,
    users_sheet,
)
from keras_fashion.app.run import Run
from keras_fashion.design.preference_maximizer import PreferenceMaximizer
from keras_fashion.evaluation.generation import GenerationStudy

NUM_DESIGN_USERS = 6
"""Number of users whose designs are shown."""

NUM_REDESIGN_USERS = 4
"""Number of users for whom an item is redesigned."""

AUC_COLUMNS = {
    "auc_all": "all",
    "auc_matched": "matched",
    "auc_warm": "warm",
    "auc_cold": "cold",
    "auc_new": "new",
    "auc_matched_cold": "matched, cold",
}
"""Headings of the AUCs."""

STUDY_COLUMNS = {
    "preference": Column("preference"),
    "unseen_preference": Column("by the unseen recommender"),
    "gap": Column("gap"),
    "discriminator": Column("discriminator"),
    "quality": Column("category inception score"),
    "opposite_ssim": Column("opposite SSIM"),
}
"""Columns of the measurements of designs."""

UNSEEN = ("unseen_preference", "gap")
"""Measurements that need a second recommender."""

STUDY_NOTE = (
    "Means over users with 95 % bootstrap intervals. Preference: theta . Phi in standard "
    "deviations above the user's mean over the category's items; 0 is an item drawn at random. "
    "Category inception score: the inception score with a classifier of this catalogue's own "
    "categories instead of ImageNet's Inception, comparable within this report only. Opposite "
    "SSIM: minus the mean similarity of the three pictures; higher is more diverse."
)

UNSEEN_NOTE = (
    " The unseen recommender was trained with another seed and takes no part in the search. The "
    "gap is the part of the preference that it does not confirm. Retrieval has a gap, too, because "
    "it takes the items that the first recommender scores highest."
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
        path: Path of the HTML file, which is replaced if it exists.
        recommender: Run of the DVBPR that designs are made with.
        gan: Run of the GAN.
        maximizer: Maximizer over the models of the two runs.
        study: Measurements of designs.
        aucs: For each name of a model its AUCs, as `HeldOutRanks.means` returns them.
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
                    "Real items beside generated ones, whose latents were drawn at random.",
                    samples_sheet(gan),
                    "Rows of real and generated garments, one row a category.",
                ),
                Picture(
                    "Items that users bought, items that are recommended to them, and designs for "
                    "them, with the predicted preference.",
                    users_sheet(
                        recommender,
                        study.users[:NUM_DESIGN_USERS],
                        study.categories[:NUM_DESIGN_USERS],
                        study.designs,
                    ),
                    "Rows of users with bought, recommended and designed garments.",
                ),
                Picture(
                    "Redesign: an existing item, its nearest latent in the generator, and steps "
                    "toward the user's preferences.",
                    redesigns_sheet(
                        recommender,
                        maximizer,
                        study.users[:NUM_REDESIGN_USERS],
                        study.categories[:NUM_REDESIGN_USERS],
                    ),
                    "Strips that begin with an existing garment and change it step by step.",
                ),
                Picture(
                    "Interpolation between two latents.",
                    interpolation_sheet(gan),
                    "Rows of garments that change gradually from left to right.",
                ),
                Picture(
                    f"The search for the designs of {catalogue.user_ids[study.users[0]]}.",
                    trajectory_figure(
                        maximizer, study.users[0], study.categories[0], study.designs, number=0
                    ),
                    "Preference and realism at each step of the search.",
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
    """Makes the section on recommendation.

    Args:
        aucs: For each name of a model its AUCs, as `HeldOutRanks.means` returns them.
        trained: Runs whose training curves are shown.

    Returns:
        A section with the AUCs as a table and as a plot, and the training curves.
    """
    histories = {run.config["model"]: pd.read_csv(run.path / "history.csv") for run in trained}
    return Section(
        "Recommendation",
        [
            Table(
                "AUC on the held-out test interaction of each user",
                [Column("model"), *(Column(each, best="highest") for each in AUC_COLUMNS.values())],
                [[name, *(row[key] for key in AUC_COLUMNS)] for name, row in aucs.items()],
                note=AUC_NOTE,
                reference=["oracle"],
            ),
            Picture(
                "The same AUCs as a plot.",
                auc_chart(
                    {
                        name: {label: row[key] for key, label in AUC_COLUMNS.items()}
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
    """Makes the section on designs.

    Args:
        study: Measurements of designs.

    Returns:
        A section with a table of retrieval and generation, as in the paper's talk, the same table
        by category, and a plot over the weight of realism.
    """
    has_unseen = bool(study.rows["unseen_preference"].notna().any())
    columns = {
        name: title for name, title in STUDY_COLUMNS.items() if has_unseen or name not in UNSEEN
    }
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
                note=STUDY_NOTE + (UNSEEN_NOTE if has_unseen else ""),
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
                "The effect of the weight of realism.",
                eta_curve(study.eta.dropna(axis="columns").to_dict("records")),
                "Preference, discriminator output, diversity and quality over eta.",
            ),
        ],
    )
