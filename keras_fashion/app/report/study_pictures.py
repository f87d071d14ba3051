"""Pictures of the study report: samples of the GAN, designs for users, and how a design arose."""

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from PIL import Image

from keras_fashion.app.report.design_sheets import design_row
from keras_fashion.app.report.picture_sheets import PictureGroup, SheetRow, picture_sheet
from keras_fashion.app.report.plots import design_trajectory
from keras_fashion.app.run import Run
from keras_fashion.design.item_redesign import redesign
from keras_fashion.design.preference_maximizer import Designs, PreferenceMaximizer
from keras_fashion.models.picture_generator import PictureGenerator
from keras_fashion.models.trained import TrainedRecommender

NUM_SAMPLES = 6
"""Number of real and of generated pictures in a row of `samples_sheet`."""

NUM_STEPS = 9
"""Number of pictures in a row of `interpolation_sheet`."""


def samples_sheet(gan: Run, seed: int = 0) -> Image.Image:
    """Draws real items beside generated ones, with a row for each category.

    Args:
        gan: Run of a GAN.
        seed: Seed of the items and of the latents, which are the first ones drawn from the prior
            and the same for all categories.

    Returns:
        An RGB image.
    """
    catalogue, model = gan.catalogue, gan.model
    rng = np.random.default_rng(seed)
    latents = rng.uniform(-1, 1, (NUM_SAMPLES, model.latent_dim)).astype(np.float32)
    rows = []
    for category, name in enumerate(catalogue.categories):
        items = np.flatnonzero(catalogue.item_categories == category)
        items = rng.permutation(items)[:NUM_SAMPLES]
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
    """Draws interpolations between two latents in equal steps, with a row for each category.

    Args:
        gan: Run of a GAN.
        seed: Seed of the latents.

    Returns:
        An RGB image.
    """
    model = gan.model
    rng = np.random.default_rng(seed)
    rows = []
    for category, name in enumerate(gan.catalogue.categories):
        start, end = rng.uniform(-1, 1, (2, model.latent_dim)).astype(np.float32)
        shares = np.linspace(0, 1, NUM_STEPS, dtype=np.float32)[:, None]
        latents = (1 - shares) * start + shares * end
        rows.append(SheetRow(name, [PictureGroup("", _draw(model, latents, category))]))
    return picture_sheet(rows, picture_height=80)


def users_sheet(
    recommender: TrainedRecommender, users: np.ndarray, categories: np.ndarray, designs: Designs
) -> Image.Image:
    """Draws what users bought, what is recommended to them, and what was designed for them.

    Args:
        recommender: The recommender.
        users: Dense indices of the users of the first designs, one for each row of the sheet.
        categories: Dense indices of the categories of the same designs.
        designs: Designs for these users, and perhaps for further ones.

    Returns:
        An RGB image.
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
    recommender: TrainedRecommender,
    maximizer: PreferenceMaximizer,
    users: np.ndarray,
    categories: np.ndarray,
    seed: int = 0,
) -> Image.Image:
    """Draws the redesign of an item for each user, with a row for each.

    Args:
        recommender: The recommender.
        maximizer: Maximizer over the recommender's model and a GAN.
        users: Dense indices of the users.
        categories: Dense index of a category for each user.
        seed: Seed of the items, which are drawn from the categories.

    Returns:
        An RGB image.
    """
    catalogue = recommender.catalogue
    rng = np.random.default_rng(seed)
    size = maximizer.gan.picture_size
    rows = []
    for user, category in zip(users, categories, strict=True):
        item = rng.choice(np.flatnonzero(catalogue.item_categories == category))
        original = catalogue.pictures_of([item], size)
        redesigned = redesign(maximizer, user, original[0], category)
        score = float(recommender.vectors.scores(np.array([user]))[0, item])
        rows.append(
            SheetRow(
                str(catalogue.user_ids[user]),
                [
                    PictureGroup("item", original, [f"{score:.2f}"]),
                    PictureGroup(
                        "its nearest latent, then steps toward the user's preferences",
                        redesigned.pictures,
                        [f"{value:.2f}" for value in redesigned.preference],
                    ),
                ],
            )
        )
    return picture_sheet(rows, picture_height=96)


def trajectory_figure(
    maximizer: PreferenceMaximizer, user: int, category: int, designs: Designs, number: int
) -> Figure:
    """Plots preference and realism at each step of the search.

    Args:
        maximizer: The maximizer that made the designs.
        user: Dense index of the user.
        category: Dense index of the category.
        designs: Designs for several users.
        number: Position of this user's designs among them.

    Returns:
        A figure with a panel for each of the two.
    """
    path = designs.path[:, number]
    steps, count, latent_dim = path.shape
    batch = maximizer.batch(
        maximizer.recommender.user_embedding(tf.constant([user])).numpy(), [category], [0.0]
    )
    places = maximizer.coordinates(tf.constant(path.reshape(steps * count, latent_dim)))
    everyone = batch.gather(tf.zeros(steps * count, tf.int32))
    evaluation = maximizer.evaluate(places, everyone)
    return design_trajectory(
        {
            "preference": evaluation.preference.numpy().reshape(steps, count),
            "realism (1 = taken for real)": evaluation.realism.numpy().reshape(steps, count),
        }
    )


def _draw(model: PictureGenerator, latents: np.ndarray, category: int) -> np.ndarray:
    return model.draw(latents, np.full(len(latents), category))
