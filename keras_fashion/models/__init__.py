"""Recommenders, image encoders, the category classifier and the conditional GAN."""

from keras_fashion.models.bprmf import BPRMF
from keras_fashion.models.category_classifier import CategoryClassifier
from keras_fashion.models.cnnf import CNNF
from keras_fashion.models.compact_encoder import CompactEncoder
from keras_fashion.models.conditional_gan import ConditionalGAN
from keras_fashion.models.dvbpr import DVBPR
from keras_fashion.models.poprank import PopRank
from keras_fashion.models.random_scores import RandomScores
from keras_fashion.models.recommender import Recommender, ScoringVectors
from keras_fashion.models.vbpr import VBPR
from keras_fashion.models.visrank import VisRank

__all__ = [
    "BPRMF",
    "CNNF",
    "DVBPR",
    "VBPR",
    "CategoryClassifier",
    "CompactEncoder",
    "ConditionalGAN",
    "PopRank",
    "RandomScores",
    "Recommender",
    "ScoringVectors",
    "VisRank",
]
