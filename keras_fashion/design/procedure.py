"""How a search for designs goes: the settings, and those that have a name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Procedure:
    """Settings of `PreferenceMaximizer`; the defaults are those that measured best.

    Attributes:
        restarts: R, starts for each taste.
        steps: S, gradient steps of each.
        learning_rate: Adam's.
        patience: Steps without a rise after which a restart ends.
        screened: Whether the restarts begin at the most promising latents of a sample of the prior,
            which is judged once for everybody, or at random ones.
        bounded: Whether the search runs in the coordinates in which the prior is normal, where no
            code leaves it, or on z itself.
        consensus_penalty: Weight of the distance in style from what the best-liked of the sample
            have in common (`Consensus`), which is 1 for a garment from the prior; in standard
            deviations of preference over the prior.
        prior_penalty: Weight of how far a latent lies beyond the prior's mass (`prior_excess`), in
            the same unit.
        diversity: What a copy of another costs, in the same unit, when starts and designs are
            chosen.
    """

    restarts: int = 8
    steps: int = 6
    learning_rate: float = 0.05
    patience: int = 5
    screened: bool = True
    bounded: bool = True
    consensus_penalty: float = 4.0
    prior_penalty: float = 1.0
    diversity: float = 1.0


PROCEDURES = {
    "default": Procedure(),
    # The code released with the paper: 16 random latents, Adam with 0.05, ten steps, z unbounded.
    "dvbpr": Procedure(
        restarts=16,
        steps=10,
        learning_rate=0.05,
        patience=11,
        screened=False,
        bounded=False,
        consensus_penalty=0.0,
        prior_penalty=0.0,
        diversity=0.0,
    ),
}
"""By the names that the commands know."""
