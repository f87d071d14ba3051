"""The two rows without which no table of AUCs can be read: random and PopRank."""

from keras_fashion.data.split import Split
from keras_fashion.models.counting import PopRank, RandomScores
from keras_fashion.models.recommender import ScoringVectors


def baselines(split: Split) -> dict[str, ScoringVectors]:
    """Scoring vectors of random scores and of PopRank on a split's training part."""
    poprank = PopRank(split.num_users, split.num_items)
    poprank.adapt(split.training_counts)
    random = RandomScores(split.num_users, split.num_items)
    return {"random": random.scoring_vectors(), "poprank": poprank.scoring_vectors()}
