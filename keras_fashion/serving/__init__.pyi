# Written by `make stubs`; change `__init__.py` instead.
from .client import Client as Client
from .client import RequestRefused as RequestRefused
from .client import ServerUnavailable as ServerUnavailable
from .signatures.dated import MonthlyRecommender as MonthlyRecommender
from .signatures.dated import ServedDatedDesigns as ServedDatedDesigns
from .signatures.dated import ServedDatedRecommendations as ServedDatedRecommendations
from .signatures.designer import ServedDesigner as ServedDesigner
from .signatures.newcomers import ServedNewcomers as ServedNewcomers
from .signatures.pictures import ServedPictures as ServedPictures
from .signatures.recommender import ServedRecommender as ServedRecommender
from .signatures.served_module import ItemEmbeddings as ItemEmbeddings
from .signatures.served_module import ServedModule as ServedModule
from .warm_up import write_warm_up as write_warm_up
