"""The four files of the DVBPR paper."""

from keras_fashion.data.sources.dvbpr.npy import DVBPRNpy

__all__ = ["DVBPRNpy"]
