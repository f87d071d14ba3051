"""Plots, picture sheets and the HTML report."""
