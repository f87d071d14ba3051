"""Exact ranking metrics, metrics of generated pictures, and the studies that compare."""

import lazy_loader

# Loaded on first use: not all of it needs TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "atelier_utilities": ["true_utilities"],
        "by_category": ["category_scores", "picture_agreement"],
        "compared_methods": [
            "maximized_designs",
            "random_designs",
            "random_items",
            "retrieved_items",
        ],
        "comparison": ["Comparison", "baselines", "compare"],
        "fashion_trends": ["SEASONS", "ItemTrends", "ValueTrends", "item_trends", "value_trends"],
        "generation": ["MEASURED", "GenerationStudy", "generation_study"],
        "groups": ["group_study"],
        "image_folders": ["kept_inception_features", "score_images"],
        "image_metrics": ["feature_scores", "image_scores"],
        "list_contents": ["ListContents"],
        "picture_set": [
            "PictureSet",
            "category_to_folder",
            "folder_to_category",
            "pictures_of_catalogue",
        ],
        "preference": [
            "CategoryPreference",
            "StandardizedPreference",
            "preference_within_category",
        ],
        "ranking": ["HeldOutRanks", "rank_held_out"],
        "redesigns": ["redesign_study"],
        "significance": [
            "Estimate",
            "PairedTest",
            "bootstrap_mean",
            "holm_correction",
            "paired_test",
        ],
    },
)
