"""Recommenders, retrieval, image encoders, the category classifier and the conditional GAN."""

from keras_fashion.models.biased_mf import BiasedMF
from keras_fashion.models.bprmf import BPRMF
from keras_fashion.models.category_classifier import CategoryClassifier
from keras_fashion.models.category_frequency import CategoryFrequency
from keras_fashion.models.category_popularity import CategoryPopularity
from keras_fashion.models.cnnf import CNNF
from keras_fashion.models.compact_encoder import CompactEncoder
from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.models.dvbpr import DVBPR
from keras_fashion.models.faiss_retriever import FaissRetriever
from keras_fashion.models.fm import FM
from keras_fashion.models.gan_presets import GAN_PRESETS, GANPreset
from keras_fashion.models.item_retriever import ItemRetriever
from keras_fashion.models.poprank import PopRank
from keras_fashion.models.random_scores import RandomScores
from keras_fashion.models.recommender import Recommender, ScoringVectors
from keras_fashion.models.vbpr import VBPR
from keras_fashion.models.visrank import VisRank
from keras_fashion.models.visrank_max import NearestItemScores, VisRankMax
from keras_fashion.models.warp import WARP

__all__ = [
    "BPRMF",
    "CNNF",
    "DVBPR",
    "FM",
    "GAN_PRESETS",
    "VBPR",
    "WARP",
    "BiasedMF",
    "CategoryClassifier",
    "CategoryFrequency",
    "CategoryPopularity",
    "CompactEncoder",
    "ConditionalGAN",
    "FaissRetriever",
    "GANPreset",
    "ItemRetriever",
    "NearestItemScores",
    "PopRank",
    "RandomScores",
    "Recommender",
    "ScoringVectors",
    "VisRank",
    "VisRankMax",
]
