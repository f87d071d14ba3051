"""Learn people's taste in clothes, recommend garments that exist and design ones that do not."""

__version__ = "0.1.0"
