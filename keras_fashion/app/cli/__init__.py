"""The command line, which imports TensorFlow only when a command needs it."""

import lazy_loader

# What a script with options of its own, such as a recipe, shares with the commands.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "parameters": ["PictureSizeParam"],
        "plain_errors": ["PlainCommand", "PlainGroup"],
        "startup": ["quiet_tensorflow"],
    },
)
