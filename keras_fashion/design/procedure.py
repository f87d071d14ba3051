"""The settings of the search for designs, and presets of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Procedure:
    """The settings of a `PreferenceMaximizer`; docs/design.md has the measurements.

    Weights are in standard deviations of preference over the prior.

    Attributes:
        restarts: R, number of starts for each user or group.
        steps: S, number of gradient steps from each start.
        learning_rate: Learning rate of Adam.
        patience: Number of steps without an increase after which a restart ends.
        screened: Whether the restarts begin at the latents with the highest objective in a sample
            of the prior, which is evaluated once for all users, instead of at random latents.
        bounded: Whether the search runs in the coordinates in which the prior is normal, where no
            latent leaves the prior's range, instead of on z itself.
        eta: Weight η of realism where none is given, see `DesignBatch.objective`.
        consensus_penalty: Weight of the distance of the embedding from the `Consensus`. The
            distance is 1 for a random garment of the prior.
        prior_penalty: Weight of how far a latent lies outside the mass of the prior
            (`prior_excess`).
        diversity: Weight of the similarity to what is already chosen, when starts and designs are
            chosen. The similarity of a copy is 1.

    Example:
        >>> from dataclasses import replace
        >>> replace(PROCEDURES["dvbpr"], restarts=4).learning_rate
        0.05
    """

    restarts: int = 6
    steps: int = 12
    learning_rate: float = 0.1
    patience: int = 5
    screened: bool = True
    bounded: bool = True
    eta: float = 0.25
    consensus_penalty: float = 1.5
    prior_penalty: float = 4.0
    diversity: float = 2.0


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
"""The procedures by name; "dvbpr" is that of the code released with the paper."""
