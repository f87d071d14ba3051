"""Catalogues: preparing them from a source, splitting them, and feeding them to a training.

`prepare` writes the catalogue of a source (see `keras_fashion.data.sources`), `Catalogue.load`
opens it, `leave_one_out`, `read_split` or `temporal_split` split its interactions, and `triplets`,
`labeled_pictures` and `picture_batches` are its `tf.data` pipelines.
"""

import lazy_loader

# Modules are imported on first use, because not all of them need TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "columns": ["Attribute"],
        "catalogue": ["Catalogue"],
        "pictures": ["decode_picture", "scale", "unscale"],
        "pipelines": ["labeled_pictures", "picture_batches", "triplets"],
        "preparation": ["check", "prepare"],
        "sources.amazon.reviews": ["AmazonReviews"],
        "sources.atelier.oracle": ["TRUTH_FILE", "Oracle"],
        "sources.atelier.source": ["Atelier"],
        "sources.dvbpr.npy": ["DVBPRNpy"],
        "sources.in_memory": ["InMemory"],
        "sources.shop.shop_files": ["ShopFiles"],
        "sources.source": ["Source"],
        "sources.tfds.classification": ["TFDSClassification"],
        "purchase_times": [
            "MONTH_NAMES",
            "format_day",
            "format_month",
            "format_quarter",
            "months_of_days",
            "parse_day",
            "parse_days",
        ],
        "last_purchases": ["last_out"],
        "temporal": ["TemporalSplit", "temporal_split"],
        "time_cuts": ["TimeCut", "rolling_cuts"],
        "split": ["NegativeCandidates", "Split", "leave_one_out", "read_split"],
    },
)
