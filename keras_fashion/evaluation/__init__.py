"""Exact ranking metrics, generation metrics, and the studies that compare."""
