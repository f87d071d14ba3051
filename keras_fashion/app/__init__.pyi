# Written by `make stubs`; change `__init__.py` instead.
from .comparison import compare_runs as compare_runs
from .exporting import export as export
from .run import Run as Run
from .run import library_versions as library_versions
from .run_checks import require_dvbpr as require_dvbpr
from .run_checks import require_finished as require_finished
from .run_checks import require_gan as require_gan
from .run_checks import require_independent_dvbpr as require_independent_dvbpr
from .run_checks import require_matching_pair as require_matching_pair
from .training.gan import train_gan as train_gan
from .training.options import CheckpointSchedule as CheckpointSchedule
from .training.options import GANOptions as GANOptions
from .training.options import ModelOptions as ModelOptions
from .training.options import PictureSize as PictureSize
from .training.options import recommender_options as recommender_options
from .training.recommenders import train_recommender as train_recommender
