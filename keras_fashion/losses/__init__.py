"""Losses of recommenders and of GANs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "energy": ["Described", "energy_distance"],
        "gan": [
            "LeastSquaresDiscriminatorLoss",
            "LeastSquaresGeneratorLoss",
            "gradient_penalty",
            "least_squares_discriminator_loss",
            "least_squares_generator_loss",
        ],
        "ranking": ["BPR", "WARP", "Logistic", "RankingLoss", "SampledSoftmax", "ranking_loss"],
    },
)
