# Written by `make stubs`; change `__init__.py` instead.
from . import app as app
from . import callbacks as callbacks
from . import data as data
from . import design as design
from . import distribution as distribution
from . import evaluation as evaluation
from . import features as features
from . import losses as losses
from . import metrics as metrics
from . import models as models
from . import optimizers as optimizers
from . import serving as serving
from .atomic_files import atomic_write as atomic_write
from .errors import InputError as InputError

__version__: str
