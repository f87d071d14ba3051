"""Directions among latents that change one attribute of a design and hold others as they are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.linalg import orth
from sklearn.linear_model import RidgeCV

from keras_fashion.design.latent_search import from_normal, to_normal
from keras_fashion.design.picture_attributes import picture_attributes
from keras_fashion.errors import InputError
from keras_fashion.models.conditional_gan import ConditionalGAN

LATENTS = 1500
"""Latents that the probes are fitted to."""

_PENALTIES = (1.0, 10.0, 100.0, 1000.0)
"""Of the ridge regressions; each attribute takes the one that predicts left-out latents best."""

_NOTHING_LEFT = 0.05
"""Share of a direction's length below which holding others is said to leave nothing of it."""


@dataclass(frozen=True)
class EditDirections:
    """Linear probes of attributes, for one category of one generator.

    They live in the coordinates x of `normal_codes`, in which the prior is N(0, I): there a linear
    regression's slope is the mean gradient of the attribute over the prior, whatever the
    attribute's shape (Stein's lemma).

    Attributes:
        names: Of A attributes.
        slopes: (A, Z) float32, change of the attribute a unit of x, in its standard deviations.
        deviations: (A,) float64, their standard deviations.
        explained: (A,) float64, R² of the probes, each latent predicted by the others: how far the
            attribute is linear in the latent.
    """

    names: tuple[str, ...]
    slopes: np.ndarray
    deviations: np.ndarray
    explained: np.ndarray

    def direction(self, name: str, hold: Sequence[str] = ()) -> np.ndarray:
        """The smallest step of a code that raises one attribute and leaves others, by the probes.

        Args:
            name: The attribute to raise by one standard deviation.
            hold: Attributes to leave as they are.

        Returns:
            (Z,) float32 in x.

        Raises:
            InputError: If there is no such attribute, if pictures of the category do not differ
                in it, or if nothing of it is left once the others are held.
        """
        slope = self.slopes[self._row(name)]
        basis = self.held_basis(hold)
        free = slope - (basis @ slope) @ basis
        if not slope.any():
            raise InputError(
                f"the generator's pictures of this category do not differ in {name!r}."
            )
        if np.linalg.norm(free) < _NOTHING_LEFT * np.linalg.norm(slope):
            raise InputError(
                f"{name!r} cannot change while {', '.join(hold)} stay as they are; hold fewer."
            )
        return free / (free @ slope)

    def held_basis(self, hold: Sequence[str]) -> np.ndarray:
        """An orthonormal basis of the directions in x that change held attributes.

        A step s changes none of them, by the probes, if `basis @ s` is 0; `s - (basis @ s) @ basis`
        is the nearest such step.

        Returns:
            (H, Z) float32; H is the number of held attributes, less those that follow from others.
        """
        rows = [self._row(name) for name in hold]
        return orth(self.slopes[rows].T).T if rows else self.slopes[:0]

    def _row(self, name: str) -> int:
        if name not in self.names:
            raise InputError(f"no attribute {name!r}; there are {', '.join(self.names)}.")
        return self.names.index(name)


def find_directions(
    gan: ConditionalGAN,
    category: int,
    measure: Callable[[np.ndarray], pd.DataFrame] = picture_attributes,
    count: int = LATENTS,
    seed: int = 0,
) -> EditDirections:
    """Probes a generator: draws random latents, measures the pictures, and regresses.

    After Shen et al., "Interpreting the Latent Space of GANs for Semantic Face Editing", CVPR 2020,
    with ridge regressions of measured attributes instead of classifiers of labels.

    Args:
        gan: Whose generator is probed.
        category: Dense index.
        measure: From (N, H, W, 3) uint8 pictures to N rows, a column an attribute.
        count: N, latents drawn from the prior.
        seed: Of the latents.
    """
    x = np.random.default_rng(seed).standard_normal((count, gan.latent_dim), np.float32)
    pictures = gan.draw(from_normal(x).numpy(), np.full(count, category, np.int32))
    return probe(x, measure(pictures))


def probe(x: np.ndarray, attributes: pd.DataFrame) -> EditDirections:
    """Fits the probes.

    Args:
        x: (N, Z) float32 from N(0, I).
        attributes: N rows, what the latents' pictures show; a column an attribute.
    """
    values = attributes.to_numpy(np.float64)
    deviations = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(deviations > 0, deviations, 1)
    ridge = RidgeCV(_PENALTIES, alpha_per_target=True).fit(x, scaled)
    slopes = ridge.coef_.reshape(len(deviations), -1).astype(np.float32)
    left_out_error = -np.reshape(ridge.best_score_, len(deviations))
    explained = np.where(deviations > 0, 1 - left_out_error, 0)
    return EditDirections(tuple(attributes.columns), slopes, deviations, explained)


def edit(latents: np.ndarray, direction: np.ndarray, strength: float) -> np.ndarray:
    """Moves latents along a direction.

    Args:
        latents: (N, Z) float32 in [-1, 1].
        direction: (Z,) float32 in x, as `EditDirections.direction` gives it.
        strength: How far, in standard deviations of the attribute; negative lowers it.

    Returns:
        (N, Z) float32 in (-1, 1).
    """
    return from_normal(to_normal(latents) + np.float32(strength) * direction).numpy()
