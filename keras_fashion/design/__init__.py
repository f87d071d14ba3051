"""Preference maximization: designs for a user, for a group, or from an existing item."""

import lazy_loader

# Loaded on first use: not all of it needs TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "aggregation": ["AGGREGATIONS", "Aggregation", "LeastMisery", "Mean", "SoftMin"],
        "attribute_changes": ["describe_changes"],
        "attribute_labels": ["LabelAttribute", "attribute_directions", "named_attributes"],
        "design_search": ["DesignSearch"],
        "edit_directions": ["EditDirections", "edit_latents", "find_directions", "fit_probes"],
        "explanations": [
            "ComparedItem",
            "Explanation",
            "PreferenceExplainer",
            "occlusion_map",
        ],
        "inversion": ["Originals", "color_difference", "invert"],
        "item_redesign": ["Redesign", "redesign"],
        "named_latents": ["latent_by_name", "latents_by_name", "random_latents", "read_latents"],
        "picture_attributes": ["measure_attributes"],
        "preference_maximizer": ["Designs", "PreferenceMaximizer"],
        "procedure": ["PROCEDURES", "Procedure"],
        "scored_generator": ["ScoredGenerator"],
        "targets": ["DesignTarget", "design_for_targets", "preference_for_items"],
        "user_clusters": ["UserCluster", "cluster_users"],
    },
)
