"""The signatures of the exported models: a module for each group of them, and shared parts."""
