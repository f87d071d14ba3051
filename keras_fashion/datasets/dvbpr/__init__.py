"""The four files of the DVBPR paper."""

from keras_fashion.datasets.dvbpr.dvbpr_npy import DVBPRNpy

__all__ = ["DVBPRNpy"]
