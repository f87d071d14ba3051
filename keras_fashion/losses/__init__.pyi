# Written by `make stubs`; change `__init__.py` instead.
from .energy import Described as Described
from .energy import energy_distance as energy_distance
from .gan import LeastSquaresDiscriminatorLoss as LeastSquaresDiscriminatorLoss
from .gan import LeastSquaresGeneratorLoss as LeastSquaresGeneratorLoss
from .gan import gradient_penalty as gradient_penalty
from .gan import least_squares_discriminator_loss as least_squares_discriminator_loss
from .gan import least_squares_generator_loss as least_squares_generator_loss
from .ranking import BPR as BPR
from .ranking import Logistic as Logistic
from .ranking import RankingLoss as RankingLoss
from .ranking import SampledSoftmax as SampledSoftmax
from .ranking import WARP as WARP
from .ranking import ranking_loss as ranking_loss
