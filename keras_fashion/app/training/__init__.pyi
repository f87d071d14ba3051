# Written by `make stubs`; change `__init__.py` instead.
from .gan import train_gan as train_gan
from .options import CheckpointSchedule as CheckpointSchedule
from .options import GANOptions as GANOptions
from .options import recommender_options as recommender_options
from .recommenders import train_recommender as train_recommender
