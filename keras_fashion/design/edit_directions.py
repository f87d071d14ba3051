"""Directions in latent space that change one attribute of a design and leave others as they are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.linalg import orth
from sklearn.linear_model import RidgeCV

from keras_fashion.design.latent_search import from_normal, to_normal
from keras_fashion.design.picture_attributes import measure_attributes
from keras_fashion.errors import InputError
from keras_fashion.models.picture_generator import PictureGenerator

NUM_LATENTS = 1500
"""Default number of latents that the probes are fitted to."""

_PENALTIES = (1.0, 10.0, 100.0, 1000.0)
"""Penalties of the ridge regressions. Each attribute gets the one with the best leave-one-out
error."""

_MINIMUM_LENGTH = 0.05
"""Share of a direction's length that must be left when other attributes are held."""


@dataclass(frozen=True)
class EditDirections:
    """Linear probes of A attributes, for one category of one generator.

    They are fitted in the coordinates x of `to_normal`, in which the prior is N(0, I). There the
    slope of a linear regression is the mean gradient of the attribute over the prior, also of an
    attribute that is not linear (Stein's lemma).

    Attributes:
        names: Names of the attributes.
        slopes: (A, Z) float32, change of each attribute, in its standard deviations, for a unit
            of x.
        deviations: (A,) float64, standard deviations of the attributes.
        explained: (A,) float64, leave-one-out R² of the probes: how far the attribute is linear in
            the latent.

    Example:
        >>> slopes = np.float32([[3.0, 0.0], [1.0, 1.0]])
        >>> directions = EditDirections(("length", "lightness"), slopes, np.ones(2), np.ones(2))
        >>> directions.direction("lightness", hold=["length"]).tolist()
        [0.0, 1.0]
    """

    names: tuple[str, ...]
    slopes: np.ndarray
    deviations: np.ndarray
    explained: np.ndarray

    def direction(self, name: str, hold: Sequence[str] = ()) -> np.ndarray:
        """Returns the smallest step that raises one attribute and leaves others, by the probes.

        Args:
            name: Name of the attribute that is raised by one standard deviation.
            hold: Names of the attributes that stay as they are.

        Returns:
            (Z,) float32, a step in x.

        Raises:
            InputError: If there is no such attribute, if pictures of the category do not differ
                in it, or if nothing of the direction is left once the others are held.
        """
        slope = self.slopes[self._row(name)]
        basis = self.held_basis(hold)
        free = slope - (basis @ slope) @ basis
        if not slope.any():
            raise InputError(
                f"the generator's pictures of this category do not differ in {name!r}."
            )
        if np.linalg.norm(free) < _MINIMUM_LENGTH * np.linalg.norm(slope):
            raise InputError(
                f"{name!r} cannot change while {', '.join(hold)} stay as they are; hold fewer."
            )
        return free / (free @ slope)

    def held_basis(self, hold: Sequence[str]) -> np.ndarray:
        """Returns an orthonormal basis of the directions in x that change held attributes.

        By the probes, a step s changes none of them if `basis @ s` is 0, and
        `s - (basis @ s) @ basis` is the nearest such step.

        Args:
            hold: Names of the attributes that stay as they are.

        Returns:
            (H, Z) float32. H is the number of held attributes whose slopes are linearly
            independent.
        """
        rows = [self._row(name) for name in hold]
        return orth(self.slopes[rows].T).T if rows else self.slopes[:0]

    def _row(self, name: str) -> int:
        if name not in self.names:
            raise InputError(f"no attribute {name!r}; there are {', '.join(self.names)}.")
        return self.names.index(name)


def find_directions(
    gan: PictureGenerator,
    category: int,
    measure: Callable[[np.ndarray], pd.DataFrame] = measure_attributes,
    num_latents: int = NUM_LATENTS,
    seed: int = 0,
) -> EditDirections:
    """Draws pictures of random latents, measures their attributes, and fits probes.

    After Shen et al., "Interpreting the Latent Space of GANs for Semantic Face Editing", CVPR 2020,
    with ridge regressions of measured attributes instead of classifiers of labels.

    Args:
        gan: Generator that is probed.
        category: Dense index.
        measure: Maps (N, H, W, 3) uint8 pictures to a table of N rows with a column for each
            attribute.
        num_latents: N, number of latents drawn from the prior.
        seed: Seed of the latents.

    Example:
        >>> class BrightnessGAN:  # draws gray pictures, whose brightness is the first coordinate
        ...     latent_dim = 2
        ...     def draw(self, latents, category):
        ...         shades = 127.5 * (latents[:, :1, None, None] + 1)
        ...         return np.tile(shades, (1, 4, 4, 3)).astype(np.uint8)
        >>> def brightness(pictures):
        ...     return pd.DataFrame({"brightness": pictures.mean(axis=(1, 2, 3))})
        >>> directions = find_directions(BrightnessGAN(), 0, brightness, num_latents=100)
        >>> slope = directions.slopes[0]
        >>> bool(abs(slope[0]) > 10 * abs(slope[1]))
        True
    """
    x = np.random.default_rng(seed).standard_normal((num_latents, gan.latent_dim), np.float32)
    pictures = gan.draw(from_normal(x).numpy(), np.full(num_latents, category, np.int32))
    return fit_probes(x, measure(pictures))


def fit_probes(x: np.ndarray, attributes: pd.DataFrame) -> EditDirections:
    """Fits linear probes of attributes.

    Args:
        x: (N, Z) float32 from N(0, I).
        attributes: Table of N rows with a column for each attribute of the latents' pictures.

    Example:
        >>> x = np.random.default_rng(0).standard_normal((100, 3), np.float32)
        >>> directions = fit_probes(x, pd.DataFrame({"length": x[:, 1]}))
        >>> directions.names, int(directions.slopes[0].argmax())
        (('length',), 1)
    """
    values = attributes.to_numpy(np.float64)
    deviations = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(deviations > 0, deviations, 1)
    ridge = RidgeCV(_PENALTIES, alpha_per_target=True).fit(x, scaled)
    slopes = ridge.coef_.reshape(len(deviations), -1).astype(np.float32)
    leave_one_out_error = -np.reshape(ridge.best_score_, len(deviations))
    explained = np.where(deviations > 0, 1 - leave_one_out_error, 0)
    return EditDirections(tuple(attributes.columns), slopes, deviations, explained)


def edit_latents(latents: np.ndarray, direction: np.ndarray, strength: float) -> np.ndarray:
    """Moves latents along a direction.

    Args:
        latents: (N, Z) float32 in [-1, 1].
        direction: (Z,) float32, a step in x, as `EditDirections.direction` returns it.
        strength: Length of the move in standard deviations of the attribute; negative lowers it.

    Returns:
        (N, Z) float32 in (-1, 1).

    Example:
        >>> moved = edit_latents(np.zeros((1, 2), np.float32), np.float32([1, 0]), strength=1.0)
        >>> moved.round(3).tolist() == [[np.float32(0.683), 0.0]]
        True
    """
    return from_normal(to_normal(latents) + np.float32(strength) * direction).numpy()
