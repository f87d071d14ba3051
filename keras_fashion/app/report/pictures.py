"""The report's pictures: what the GAN draws, what people are shown, how a design comes about."""

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from PIL import Image

from keras_fashion.app.report.design_sheets import design_row
from keras_fashion.app.report.plots import design_trajectory
from keras_fashion.app.report.sheets import PictureGroup, SheetRow, picture_sheet
from keras_fashion.app.run import Run
from keras_fashion.design.item_redesign import redesign
from keras_fashion.design.preference_maximizer import Designs, PreferenceMaximizer
from keras_fashion.models.conditional_gan import ConditionalGAN

COLUMNS = 6


def samples_sheet(gan: Run, seed: int = 0) -> Image.Image:
    """Real items beside generated ones, a row a category; latents from the prior, none picked."""
    catalogue, model = gan.catalogue, gan.model
    rng = np.random.default_rng(seed)
    latents = rng.uniform(-1, 1, (COLUMNS, model.latent_dim)).astype(np.float32)
    rows = []
    for category, name in enumerate(catalogue.categories):
        items = np.flatnonzero(catalogue.item_categories == category)
        items = rng.permutation(items)[:COLUMNS]
        rows.append(
            SheetRow(
                name,
                [
                    PictureGroup("real", catalogue.pictures_of(items, model.picture_size)),
                    PictureGroup("generated", _draw(model, latents, category)),
                ],
            )
        )
    return picture_sheet(rows, picture_height=80)


def interpolation_sheet(gan: Run, seed: int = 0) -> Image.Image:
    """From one latent to another in equal steps, a row a category."""
    model = gan.model
    rng = np.random.default_rng(seed)
    rows = []
    for category, name in enumerate(gan.catalogue.categories):
        start, end = rng.uniform(-1, 1, (2, model.latent_dim)).astype(np.float32)
        shares = np.linspace(0, 1, 9, dtype=np.float32)[:, None]
        latents = (1 - shares) * start + shares * end
        rows.append(SheetRow(name, [PictureGroup("", _draw(model, latents, category))]))
    return picture_sheet(rows, picture_height=80)


def people_sheet(
    recommender: Run, users: np.ndarray, categories: np.ndarray, designs: Designs
) -> Image.Image:
    """A row a user: what they bought, what is recommended, what was designed for them.

    `users` and `categories` are those of the first designs.
    """
    rows = []
    for user, category, pictures, preference in zip(
        users, categories, designs.pictures, designs.preference, strict=False
    ):
        row = design_row(recommender, [user], category, pictures, preference)
        name = recommender.catalogue.categories[category]
        rows.append(SheetRow(f"{row.label}: {name}", row.groups))
    return picture_sheet(rows, picture_height=96)


def redesigns_sheet(
    recommender: Run,
    maximizer: PreferenceMaximizer,
    users: np.ndarray,
    categories: np.ndarray,
    seed: int = 0,
) -> Image.Image:
    """A row a user: an item of the category drawn at random, then step by step to their taste."""
    catalogue = recommender.catalogue
    rng = np.random.default_rng(seed)
    size = maximizer.gan.picture_size
    rows = []
    for user, category in zip(users, categories, strict=True):
        item = rng.choice(np.flatnonzero(catalogue.item_categories == category))
        original = catalogue.pictures_of([item], size)
        strip = redesign(maximizer, user, original[0], category)
        score = float(recommender.vectors.scores(np.array([user]))[0, item])
        rows.append(
            SheetRow(
                str(catalogue.user_ids[user]),
                [
                    PictureGroup("item", original, [f"{score:.2f}"]),
                    PictureGroup(
                        "its nearest latent, then towards the taste",
                        strip.pictures,
                        [f"{value:.2f}" for value in strip.preference],
                    ),
                ],
            )
        )
    return picture_sheet(rows, picture_height=96)


def trajectory_figure(
    maximizer: PreferenceMaximizer, user: int, category: int, designs: Designs, pair: int
) -> Figure:
    """Preference and realism at each step of one pair's designs."""
    path = designs.path[:, pair]
    steps, count, latent_dim = path.shape
    batch = maximizer.batch(
        maximizer.recommender.user_embedding(tf.constant([user])), [category], [0.0]
    )
    places = maximizer.coordinates(path.reshape(steps * count, latent_dim))
    everyone = batch.rows(tf.zeros(steps * count, tf.int32))
    _, _, _, preference, realism = maximizer.judge(places, everyone)
    return design_trajectory(
        {
            "preference": preference.numpy().reshape(steps, count),
            "realism (1 = taken for real)": realism.numpy().reshape(steps, count),
        }
    )


def _draw(model: ConditionalGAN, latents: np.ndarray, category: int) -> np.ndarray:
    return model.draw(latents, np.full(len(latents), category))
