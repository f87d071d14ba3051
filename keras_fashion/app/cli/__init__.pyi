# Written by `make stubs`; change `__init__.py` instead.
from .parameters import PictureSizeParam as PictureSizeParam
from .plain_errors import PlainCommand as PlainCommand
from .plain_errors import PlainGroup as PlainGroup
from .startup import quiet_tensorflow as quiet_tensorflow
