# Written by `make stubs`; change `__init__.py` instead.
from .results import Tuning as Tuning
from .search import tune_recommender as tune_recommender
from .trials import Trial as Trial
