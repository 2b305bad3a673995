"""How a float model becomes a quantized one."""

from qbert_lightning.methods.base import QuantMethod
from qbert_lightning.methods.post_training import PostTraining
from qbert_lightning.methods.quant_aware_training import QuantAwareTraining

__all__ = ["PostTraining", "QuantAwareTraining", "QuantMethod"]
