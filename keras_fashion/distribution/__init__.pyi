# Written by `make stubs`; change `__init__.py` instead.
from .devices import strategy_for as strategy_for
from .global_batch import divide_by_replicas as divide_by_replicas
from .global_batch import gather_rows as gather_rows
from .global_batch import local_rows as local_rows
from .global_batch import mean_of_replicas as mean_of_replicas
from .global_batch import num_replicas as num_replicas
from .workers import Workers as Workers
