"""Experiment-tracking research framework for quantizing BERT."""

__version__ = "0.1.0"
