"""Exported models, which need TensorFlow and nothing else, and a client of their servers.

`Client` is imported without TensorFlow.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "client": ["Client", "RequestRefused", "ServerUnavailable"],
        "export": ["export"],
    },
)
