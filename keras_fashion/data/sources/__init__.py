"""Sources of catalogues, each in its own module or package; see `Source`."""
