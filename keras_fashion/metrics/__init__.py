"""Metrics of rankings, of lists and of generated pictures, as functions and as Keras metrics."""

import lazy_loader

# Loaded on first use: not all of it needs TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "agreement": ["Agreement", "CategoryAgreement", "category_agreement"],
        "diversity": ["opposite_ssim", "opposite_ssim_by_category"],
        "features": ["FeatureMetric"],
        "frechet_and_kernel_distance": [
            "FrechetDistance",
            "KernelDistance",
            "KernelDistanceEstimate",
            "frechet_distance",
            "kernel_distance",
        ],
        "inception": ["inception_score"],
        "manifold": [
            "Coverage",
            "Density",
            "DensityCoverage",
            "ManifoldPrecision",
            "ManifoldRecall",
            "PrecisionRecall",
            "density_coverage",
            "precision_recall",
        ],
        "nearest_neighbors": ["NearestReal", "NearestRealSummary", "nearest_real"],
        "popularity": ["popularity_lift", "self_information"],
        "ranking": [
            "NDCG",
            "MeanReciprocalRank",
            "RankingAUC",
            "RankingMetric",
            "RecallAtK",
            "expected_gain",
        ],
        "tied_lists": ["TiedLists"],
    },
)
