"""Number formats: each file holds a spec and the quantizer that carries it out."""

from qbert_lightning.quantizers.affine import AffineQuantizer, AffineSpec
from qbert_lightning.quantizers.base import Encoded, Quantizer
from qbert_lightning.quantizers.settled import settled

__all__ = ["AffineQuantizer", "AffineSpec", "Encoded", "Quantizer", "settled"]
