"""Exact AUC, generation metrics, and the studies that compare."""
