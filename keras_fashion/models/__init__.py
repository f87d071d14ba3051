"""Recommenders, retrieval, image encoders, the category classifier and the conditional GAN."""

from keras_fashion.models.category_classifier import CategoryClassifier
from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.models.counting import (
    CategoryFrequency,
    CategoryPopularity,
    PopRank,
    RandomScores,
)
from keras_fashion.models.dvbpr import DVBPR
from keras_fashion.models.encoders import CNNF, CompactEncoder
from keras_fashion.models.factorization_machine import FM
from keras_fashion.models.faiss_retriever import FaissRetriever
from keras_fashion.models.gan_presets import GAN_PRESETS, GANPreset
from keras_fashion.models.matrix_factorization import BPRMF, WARP, BiasedMF
from keras_fashion.models.recommender import Recommender, ScoringVectors
from keras_fashion.models.retrieval import ItemRetriever
from keras_fashion.models.vbpr import VBPR
from keras_fashion.models.visrank import NearestItemScores, VisRank, VisRankMax

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
