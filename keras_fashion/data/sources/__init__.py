"""Where catalogues come from: one module or package a source."""
