"""Recommenders, retrieval, encoders, the category classifier and the conditional GAN."""

import lazy_loader

from keras_fashion.models.registry import RECOMMENDERS

_OTHERS = {
    "attribute_heads": ["AttributeHeads"],
    "category_classifier": ["CategoryClassifier"],
    "conditional_gan": ["ConditionalGAN"],
    "context": ["Context"],
    "dcgan": ["DVBPRDiscriminator", "DVBPRGenerator"],
    "discriminator": ["Discriminator"],
    "efficientnet_lite": ["efficientnet_lite0"],
    "encoders": ["CNNF", "CompactEncoder", "ImageEncoder"],
    "energy_gan": ["EnergyGAN"],
    "faiss_retriever": ["FaissRetriever"],
    "fit_settings": ["FitSettings", "Minimum", "SearchChoices", "SearchRange"],
    "gan_presets": ["GAN_PRESETS", "GANPreset"],
    "generator": ["Generator"],
    "inception": ["inception_features"],
    "loading": ["load"],
    "picture_generator": ["PictureGenerator"],
    "pretrained": ["pretrained_names", "save_half_precision"],
    "pretrained_encoder": ["PretrainedEncoder"],
    "realism_calibration": ["RealismCalibration"],
    "recommender": ["Recommender"],
    "recommender_ensemble": ["RecommenderEnsemble"],
    "region_features": ["RegionFeatures"],
    "registry": ["RECOMMENDERS", "recommender_class"],
    "retrieval": ["ItemRetriever"],
    "scored_batch": ["ScoredBatch"],
    "scoring_vectors": ["HeldOutVectors", "ScoringVectors"],
    "time_terms": ["TimeTerms"],
    "trained": ["TrainedRecommender"],
    "upsampling_generator": ["UpsamplingGenerator"],
    "warm_starting": ["warm_start"],
    "visrank": ["NearestItemScores"],
    "visual_recommender": ["VisualRecommender"],
}

# Loaded on first use: the names of the recommenders are known without TensorFlow.
_exports = {module: list(names) for module, names in _OTHERS.items()}
for _entry in RECOMMENDERS.values():
    _exports.setdefault(_entry.module, []).append(_entry.class_name)
__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=_exports)
