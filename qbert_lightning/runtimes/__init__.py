"""Where a quantized model is deployed: what writes it there and runs it."""

from qbert_lightning.runtimes.base import Runtime

__all__ = ["Runtime"]
