"""Serving of trained models: the signatures of their exports and a client of their servers."""

import lazy_loader

# Loaded on first use: the client needs no TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "client": ["Client", "RequestRefused", "ServerUnavailable"],
        "signatures.dated": [
            "MonthlyRecommender",
            "ServedDatedDesigns",
            "ServedDatedRecommendations",
        ],
        "signatures.designer": ["ServedDesigner"],
        "signatures.newcomers": ["ServedNewcomers"],
        "signatures.pictures": ["ServedPictures"],
        "signatures.recommender": ["ServedRecommender"],
        "signatures.served_module": ["ItemEmbeddings", "ServedModule"],
        "warm_up": ["write_warm_up"],
    },
)
